import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadTokenizer } from "basewise/models";
import {
  openRewardServer,
  type RewardInput,
  type RewardServer,
  type RewardServerKind,
  type RewardServerOptions,
  scoreServed,
} from "basewise/serving";
import { type Answers, allClose, readJson } from "../models/fixtures.ts";
import type { Answer } from "./prompt-servers.ts";
import { type Json, type ProtocolServer, passing, startServer } from "./protocol-server.ts";
import { type Model, sglang, sigmoid, tei, vllm } from "./reward-servers.ts";

/** Conversations of a fixture checkpoint, rendered, with what transformers' reward and regression heads give for them. */
const llama = fixture("llama", { id: 0, text: "<|begin_of_text|>" });

function fixture(
  name: string,
  bos: Model["bos"],
): { inputs: Required<RewardInput>[]; rewards: number[][]; attributes: number[][]; model: Model; five: Model } {
  const folder = join("test", "fixtures", "checkpoints", name);
  const answers = readJson(join(folder, "expected.json")) as Omit<Answers, "chat"> & {
    chat: { input_ids: number[]; text: string; prompt: string; response: string }[];
  };
  const tokenizer = loadTokenizer(folder);
  const inputs = answers.chat.map(({ input_ids: ids, text, prompt, response }) => ({
    ids,
    text,
    messages: [{ role: "user", content: prompt }, { role: "assistant", content: response }], // biome-ignore format: one line
  }));
  const rewards = answers.reward.rewards.map((reward) => [reward]);
  const attributes = answers.regression.attributes;
  const model = (values: number[][]): Model => {
    const known = new Map(inputs.map(({ ids }, i) => [ids.join(), values[i]!]));
    const other = (ids: readonly number[]): number[] => values[0]!.map((_, j) => ((ids.length * 7 + ids[1]! + j * 3) % 13) / 2 - 3);
    return {
      rewards: (ids) => known.get(ids.join()) ?? other(ids),
      encode: (text) => tokenizer.encode(text).slice(bos ? 1 : 0),
      encodeChat: (messages) => tokenizer.encodeChat(messages),
      bos,
    };
  };
  return { inputs, rewards, attributes, model: model(rewards), five: model(attributes) };
}

const labels = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"];
const protocols: Record<RewardServerKind, (model: Model) => Answer> = {
  vllm: (model) => vllm(model),
  sglang: (model) => sglang(model),
  tei: (model) => tei(model, model === llama.five ? labels : ["LABEL_0"]),
};

const servers: ProtocolServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function open(answer: Answer, options: Partial<RewardServerOptions> = {}): Promise<[RewardServer, ProtocolServer]> {
  const stub = await startServer(answer);
  servers.push(stub);
  const server = await openRewardServer({ url: stub.url, pause: 1, timeout: 10_000, retries: 3, ...options });
  stub.asked.length = 0;
  stub.posts = 0;
  return [server, stub];
}

function allEqual(rows: readonly Float32Array[], expected: readonly number[][]): void {
  assert.equal(rows.length, expected.length);
  for (const [i, row] of rows.entries()) allClose(row, expected[i]!, 1e-6, `conversation ${i}`);
}

describe("the stand-in's tokenizer", () => {
  it("makes the recorded ids of the recorded texts", () => {
    for (const { text, ids, messages } of llama.inputs) {
      assert.deepEqual(llama.model.encodeChat(messages), ids);
      assert.deepEqual([0, ...llama.model.encode(text.replace("<|begin_of_text|>", ""))], ids);
      assert.deepEqual([0, ...llama.model.encode(text)], [0, ...ids], "text with a BOS gets another one");
    }
  });
});

describe("rewards from a server", () => {
  for (const kind of Object.keys(protocols) as RewardServerKind[]) {
    it(`${kind}: one reward, and one per attribute, equal transformers'`, async () => {
      const [one] = await open(protocols[kind](llama.model));
      assert.deepEqual([one.kind, one.outputs], [kind, 1]);
      allEqual(await scoreServed(one, llama.inputs, { concurrency: 3 }), llama.rewards);
      const [five] = await open(protocols[kind](llama.five));
      assert.equal(five.outputs, 5);
      allEqual(await scoreServed(five, llama.inputs.slice(0, 8)), llama.attributes.slice(0, 8));
    });

    for (const [name, fault] of Object.entries(passing)) {
      it(`${kind}: ${name} is tried again`, async () => {
        const slow = name.endsWith("in time");
        const [server, stub] = await open(protocols[kind](llama.model), slow ? { timeout: 200 } : {});
        const path = kind === "tei" ? "/predict" : "/classify";
        let count = 0;
        stub.meddle = (_, response, answer) => {
          if (stub.asked.at(-1)!.path !== path || ![0, 2].includes(count++)) return false;
          fault(response, answer);
          return true;
        };
        allEqual(await scoreServed(server, llama.inputs.slice(0, 3), { concurrency: 1 }), llama.rewards.slice(0, 3));
        assert.ok(slow ? count >= 5 : count === 5, `${count} requests`);
      });
    }

    it(`${kind}: refusals and wrong answers are told with the conversation's number`, async () => {
      const [server, stub] = await open(protocols[kind](llama.model));
      const cases: [number, unknown, RegExp][] = [
        [424, { error: "Prediction Error", error_type: "Backend" }, /^Error: conversation 0: .* answered 424 \(Prediction Error\)$/],
        [413, { error: "too long" }, /answered 413 \(too long\)/],
        [200, [], kind === "tei" ? /scores of no labels where the model has LABEL_0/ : /(0 results for one conversation|no rewards)/],
        [200, { data: [{ index: 0, probs: [null] }], embedding: [null] }, kind === "tei" ? /no labels/ : /reward 0 is null, not a number/],
      ];
      for (const [status, value, expected] of cases) {
        stub.meddle = (_, response) =>
          stub.asked.at(-1)!.path !== "/tokenize" && Boolean(response.writeHead(status).end(JSON.stringify(value)));
        await assert.rejects(scoreServed(server, llama.inputs.slice(0, 1)), expected);
      }
    });
  }

  it("vllm: sends ids where it takes them, else the rendered text without another BOS, else the messages", async () => {
    const [ids, one] = await open(vllm(llama.model));
    await ids.score(llama.inputs[0]!);
    assert.deepEqual(one.asked[0]!.body, { model: "rm", use_activation: false, input: llama.inputs[0]!.ids });
    const rendering: Model = { ...llama.model, encode: (text) => llama.inputs.find((input) => input.text === text)?.ids ?? [5, 6] };
    const [text, two] = await open(vllm(rendering, { takesIds: false }));
    allEqual(await scoreServed(text, llama.inputs), llama.rewards);
    assert.equal(two.asked[0]!.body.add_special_tokens, false);
    allEqual(await scoreServed(text, llama.inputs.map(({ messages }) => ({ messages }))), llama.rewards); // biome-ignore format: one line
    assert.equal(two.asked.at(-1)!.body.add_generation_prompt, false);
  });

  it("vllm: uses /pooling where there is no /classify", async () => {
    const [server, { asked }] = await open(vllm(llama.five, { pooling: true }));
    allEqual(await scoreServed(server, llama.inputs.slice(0, 8)), llama.attributes.slice(0, 8));
    assert.deepEqual([...new Set(asked.map(({ path }) => path))], ["/pooling"]);
  });

  it("vllm: refuses rewards of every token", async () => {
    const answer = vllm(llama.model, { pooling: true });
    const each = (path: string, body: Json): unknown => {
      const value = answer(path, body) as Json;
      if (value?.data?.[0]?.data) value.data[0].data = [[0.5], [0.25]];
      return value;
    };
    await assert.rejects(open(each), /a reward for every token, as a process reward model gives them/);
  });

  it("notices that a server adds or drops tokens", async () => {
    const doubling: Model = { ...llama.model, encode: (text) => [0, ...llama.model.encode(text)] };
    const [server] = await open(vllm(doubling, { takesIds: false }));
    await assert.rejects(scoreServed(server, [llama.inputs[0]!]), /counts \d+ tokens where \d+ were sent; it adds or drops some/);
  });

  it("refuses what is longer than the server takes, and forms that it does not take", async () => {
    const [server, stub] = await open(vllm(llama.model));
    await assert.rejects(
      scoreServed(server, [{ ids: new Array(300).fill(1) }]),
      /conversation 0: 300 tokens, but http.* takes 256; truncate/,
    );
    const [second] = await open(tei(llama.model, ["a"]));
    await assert.rejects(scoreServed(second, [{ ids: [1, 2] }]), /takes a conversation as text, and ids was given/);
    assert.equal(stub.posts, 0);
  });

  it("says what serves", async () => {
    const [one, { url }] = await open(sglang(llama.model));
    assert.equal(one.description, `SGLang 0.5.3, org/rm, fp8, at ${url}`);
    const [two, stub] = await open(tei(llama.model, ["a"]));
    assert.equal(two.description, `text-embeddings-inference 1.9.3, org/rm, float16, at ${stub.url}`);
  });

  it("refuses servers that give no rewards", async () => {
    const listed = { data: [{ id: "rm", owned_by: "vllm" }] };
    await assert.rejects(
      open((path) => (path === "/v1/models" ? listed : undefined)),
      /gives no rewards \(.*\/classify answered 404.*\/pooling answered 404.*\); start vLLM with a reward model/,
    );
    await assert.rejects(
      open((path) => (path === "/info" ? { model_id: "e", model_type: { embedding: { pooling: "cls" } } } : undefined)),
      /embedding model, which gives no rewards/,
    );
    await assert.rejects(
      open((path) => (path === "/v1/models" ? { data: [{ id: "x", owned_by: "somebody" }] } : undefined)),
      /neither vLLM nor SGLang nor text-embeddings-inference/,
    );
  });
});

describe("text-embeddings-inference", () => {
  it("brings its labels, sorted by score, back into the model's order", async () => {
    const [server, stub] = await open(tei(llama.five, labels));
    const orders = new Set<string>();
    stub.meddle = (_, __, answer) => {
      if (Array.isArray(answer) && answer[0].label) orders.add(answer.map(({ label }: Json) => label).join());
      return false;
    };
    allEqual(await scoreServed(server, llama.inputs.slice(0, 8)), llama.attributes.slice(0, 8));
    assert.ok(orders.size > 1, "the stand-in sorts");
  });

  it("gets the text without the BOS that it adds, checked by its own tokenizer, once", async () => {
    const [server, { asked }] = await open(tei(llama.model, ["a"]));
    await scoreServed(server, llama.inputs);
    const texts = asked.filter(({ path }) => path === "/predict").map(({ body }) => body.inputs as string);
    assert.deepEqual(new Set(texts), new Set(llama.inputs.map(({ text }) => text.replace("<|begin_of_text|>", ""))));
    assert.equal(asked.filter(({ path }) => path === "/tokenize").length, 2);
    assert.ok(asked.every(({ path, body }) => path === "/tokenize" || (body.raw_scores === true && body.truncate === false)));
  });

  it("is refused when it makes other tokens of the text", async () => {
    const other: Model = { ...llama.model, encode: (text) => llama.model.encode(text).map((id) => (id === 3 ? 9 : id)) };
    const [server] = await open(tei(other, ["a"]));
    await assert.rejects(
      scoreServed(server, llama.inputs),
      /makes other tokens of the text than the model's tokenizer \(token \d+ is \d+ there and \d+ here\); is it the same model\?/,
    );
  });

  it("is refused when labels cannot be told apart", async () => {
    await assert.rejects(open(tei(llama.five, ["a", "a", "b", "c", "d"])), /two labels of one name/);
  });
});

describe("probabilities instead of rewards", () => {
  const always = (model: Model): Answer => {
    const answer = vllm(model);
    return (path, body) => answer(path, body && { ...body, use_activation: true });
  };

  it("are refused where a softmax took the rewards away", async () => {
    const constant: Model = { ...llama.model, rewards: () => [1] };
    const ones = (path: string, body: Json): unknown => vllm(constant)(path, body && { ...body, use_activation: false });
    await assert.rejects(open(ones), /every reward is exactly 1, the softmax of one output; use vLLM 0\.11\.1 or later/);
    await assert.rejects(open(always(llama.five)), /outputs of every input sum to one, as a softmax makes them/);
    await assert.rejects(open(tei(llama.five, labels, { ignoresRaw: true })), /sum to one.*raw_scores/);
  });

  it("are reported where a sigmoid kept their order", async () => {
    const notices: string[] = [];
    const [server] = await open(always(llama.model), { onNotice: (text) => notices.push(text) });
    assert.equal(notices.length, 1);
    assert.match(notices[0]!, /every reward lies between 0 and 1, as a sigmoid makes them/);
    allEqual(await scoreServed(server, llama.inputs), llama.rewards.map(([reward]) => [sigmoid(reward!)])); // biome-ignore format: one line
  });

  it("are not suspected where rewards that happen to lie between 0 and 1 move when the sigmoid is asked for", async () => {
    const small: Model = { ...llama.model, rewards: (ids) => [((ids.length * 7) % 10) / 10] };
    const notices: string[] = [];
    await open(vllm(small), { onNotice: (text) => notices.push(text) });
    await open(tei(small, ["a"]), { onNotice: (text) => notices.push(text) });
    assert.deepEqual(notices, []);
  });
});
