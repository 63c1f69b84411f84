import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openModel, scoreTexts } from "basewise/models";
import { openPromptServer, type PromptServer, type PromptServerKind, type PromptServerOptions, scorePrompts } from "basewise/serving";
import { allClose, answersOf, readJson } from "../models/fixtures.ts";
import { type Answer, completions, likeliestAfter, type Numbers, sglang, vllm } from "./prompt-servers.ts";
import { type Json, type ProtocolServer, passing, Status, startServer } from "./protocol-server.ts";

/** Documents of the fixture checkpoints with transformers' log-probabilities. */
const documents = ["llama", "gemma2"].flatMap((name) => {
  const { answers, tensor } = answersOf(name);
  return answers.documents.map(({ input_ids: ids }, i) => ({ name, ids, logprobs: Array.from(tensor(`doc${i}.logprobs`)) }));
});
const known = new Map(documents.map(({ ids, logprobs }) => [ids.join(), logprobs]));
const numbers: Numbers = (ids) => known.get(ids.join()) ?? ids.slice(1).map((id, i) => -1 - ((id + i) % 5));
const prompts = documents.map(({ ids }) => ids);

const localNumbers: Promise<Float32Array[]> = (async () => {
  const found: Float32Array[] = [];
  for (const name of ["llama", "gemma2"]) {
    const model = await openModel(join("test", "fixtures", "checkpoints", name));
    found.push(...(await scoreTexts(model, prompts.filter((_, i) => documents[i]!.name === name)))); // biome-ignore format: one line
    await model.dispose();
  }
  return found;
})();

const protocols: Record<PromptServerKind, (numbers: Numbers) => Answer> = { vllm, sglang, completions };
const kinds = Object.keys(protocols) as PromptServerKind[];

const servers: ProtocolServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function start(answer: Answer): Promise<ProtocolServer> {
  const server = await startServer(answer);
  servers.push(server);
  return server;
}

const quick = { pause: 1, timeout: 10_000, retries: 3 } as const;

async function open(answer: Answer, options: Partial<PromptServerOptions> = {}): Promise<[PromptServer, ProtocolServer]> {
  const server = await start(answer);
  const opened = await openPromptServer({ url: server.url, ...quick, ...options });
  server.asked.length = 0;
  server.posts = 0;
  return [opened, server];
}

/** An answer, changed. */
function changing(answer: Answer, change: (value: Json, ids: readonly number[]) => void): Answer {
  return (path, body) => {
    const value = answer(path, body);
    const ids = body?.prompt ?? body?.input_ids;
    if (ids?.length > 4) change(value, ids);
    return value;
  };
}

describe("log-probabilities of prompts from a server", () => {
  for (const kind of kinds) {
    it(`${kind}: equal what the checkpoints give here, from a server with transformers' numbers`, async () => {
      const [server, { asked }] = await open(protocols[kind](numbers));
      assert.equal(server.kind, kind);
      const served = await scorePrompts(server, prompts, { concurrency: 3 });
      const local = await localNumbers;
      served.forEach((row, i) => {
        allClose(row, local[i]!, 1e-3, `document ${i}, this library`);
        allClose(row, documents[i]!.logprobs, 1e-6, `document ${i}, transformers`);
      });
      const sent = asked.map(({ body }) => JSON.stringify(body.prompt ?? body.input_ids));
      assert.deepEqual(new Set(sent), new Set(prompts.map((ids) => JSON.stringify(ids))));
    });

    for (const [name, fault] of Object.entries(passing)) {
      it(`${kind}: ${name} is tried again`, async () => {
        const slow = name.endsWith("in time");
        const [server, stub] = await open(protocols[kind](numbers), slow ? { timeout: 200 } : {});
        stub.meddle = (post, response, answer) => {
          if (post !== 0 && post !== 2) return false;
          fault(response, answer);
          return true;
        };
        const served = await scorePrompts(server, prompts.slice(0, 3), { concurrency: 1 });
        for (const [i, row] of served.entries()) allClose(row, documents[i]!.logprobs, 1e-6, `document ${i}`);
        assert.ok(slow ? stub.posts >= 5 : stub.posts === 5, `${stub.posts} requests`);
      });
    }

    it(`${kind}: an answer that is not JSON, a 400 and a 401 are told at once, with the server's words`, async () => {
      const [server, stub] = await open(protocols[kind](numbers));
      const path = kind === "sglang" ? "/generate" : "/v1/completions";
      const cases: [number, string, RegExp][] = [
        [200, "<html>\n\u001b[31mlogin</html>", /answer is not JSON \("<html> \[31mlogin<\/html>"\)/],
        [400, '{"object":"error","message":"temperature must be\\n-1"}', /answered 400 \(temperature must be -1\)$/],
        [401, '{"detail":"no key"}', /answered 401 \(no key\); give the server's token$/],
        [422, '{"detail":[{"loc":["body","prompt"],"msg":"bad"}]}', /answered 422 \(\[\{"loc":\["body","prompt"\],"msg":"bad"\}\]\)$/],
      ];
      for (const [status, text, expected] of cases) {
        stub.posts = 0;
        stub.meddle = (_, response) => Boolean(response.writeHead(status).end(text));
        await assert.rejects(scorePrompts(server, prompts.slice(0, 1)), (error: Error) => {
          assert.match(error.message, expected);
          assert.ok(error.message.startsWith(`prompt 0: ${stub.url}${path}`), error.message);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
          return true;
        });
        assert.equal(stub.posts, 1);
      }
    });

    it(`${kind}: gives up after the last retry, and says how often it tried`, async () => {
      const [server, stub] = await open(protocols[kind](numbers));
      stub.meddle = (_, response) => Boolean(response.writeHead(503).end("busy"));
      await assert.rejects(
        scorePrompts(server, prompts.slice(0, 1)),
        /answered 503 \(busy\), tried 4 times; send fewer requests at a time/,
      );
      assert.equal(stub.posts, 4);
    });
  }

  it("sends nothing for a prompt of one token or none", async () => {
    const [server, stub] = await open(vllm(numbers));
    assert.deepEqual(await scorePrompts(server, [[], [7]]), [new Float32Array(0), new Float32Array(0)]);
    assert.equal(stub.posts, 0);
  });

  it("says what serves: program, version, model, number format, address", async () => {
    const [one, { url }] = await open(vllm(numbers));
    assert.deepEqual([one.description, one.contextLength], [`vLLM 0.11.0, tiny, at ${url}`, 256]);
    const [two, stub] = await open(sglang(numbers));
    assert.equal(two.description, `SGLang 0.5.3, org/tiny, bfloat16, at ${stub.url}`);
  });

  it("finds the token that was sent by its id, not by its place among the likeliest", async () => {
    // as a server that always adds the likeliest token, first in the table, answers
    const [server] = await open((path, body) => vllm(numbers)(path, body && { ...body, prompt_logprobs: 1 }));
    const [row] = await scorePrompts(server, prompts.slice(0, 1));
    allClose(row!, documents[0]!.logprobs, 1e-6, "document 0");
  });

  it("takes −9999, which stands for the logarithm of zero, as −∞", async () => {
    const [server] = await open(vllm((ids) => numbers(ids).map((value, i) => (i === 2 && ids.length > 4 ? -9999 : value))));
    const [row] = await scorePrompts(server, prompts.slice(0, 1));
    assert.equal(row![2], Number.NEGATIVE_INFINITY);
    assert.ok(Number.isFinite(row![1]) && Number.isFinite(row![3]));
  });

  it("refuses a prompt that the server cannot take before it is sent, and one that the server refuses", async () => {
    const [server, stub] = await open(vllm(numbers, 64));
    await assert.rejects(
      scorePrompts(server, [new Array(64).fill(5)]),
      /prompt 0: 64 tokens, but http.* takes 63 and one that it generates; take at most 63/,
    );
    assert.equal(stub.posts, 0);
    const [silent] = await open((path, body) =>
      path === "/v1/models" ? { data: [{ id: "tiny", owned_by: "vllm" }] } : vllm(numbers, 64)(path, body),
    );
    await assert.rejects(
      scorePrompts(silent, [new Array(64).fill(5)]),
      /answered 400 \(This model's maximum context length is 64 tokens\.\)/,
    );
  });
});

describe("wrong numbers", () => {
  const listIn: Record<PromptServerKind, (answer: Json) => Json[]> = {
    vllm: (answer) => answer.choices[0].prompt_logprobs,
    sglang: (answer) => answer.meta_info.input_token_logprobs,
    completions: (answer) => answer.choices[0].logprobs.token_logprobs,
  };
  for (const kind of kinds) {
    const list = listIn[kind];
    const number = { vllm: { "5": { logprob: -1 } }, sglang: [-1, 5, null], completions: -1 }[kind];
    const cases: [string, (answer: Json, ids: readonly number[]) => void, RegExp][] = [
      ["one token too few", (answer) => list(answer).pop(), /counts \d+ where \d+ belong/],
      ["one token too many", (answer) => list(answer).push(number), /counts \d+ where \d+ belong/],
      [
        "a first token with a number",
        (answer, ids) => (list(answer)[0] = { vllm: number, sglang: [-1, ids[0], null], completions: -1 }[kind]),
        /first token has a log-probability/,
      ],
      [
        "a token without a number",
        (answer, ids) =>
          (list(answer)[3] = { vllm: { [ids[3]!]: { logprob: null } }, sglang: [null, ids[3], null], completions: null }[kind]),
        /token 3 has no log-probability/,
      ],
      [
        "a logarithm above 0",
        (answer, ids) => (list(answer)[2] = { vllm: { [ids[2]!]: { logprob: 0.5 } }, sglang: [0.5, ids[2], null], completions: 0.5 }[kind]),
        /token 2 has 0.5, which is above 0/,
      ],
      [
        "another number of prompt tokens",
        (answer) => (kind === "sglang" ? answer.meta_info.prompt_tokens++ : answer.usage.prompt_tokens++),
        /prompt_tokens" counts \d+ where \d+ belong/,
      ],
    ];
    if (kind !== "completions")
      cases.push(["another token", (answer) => (list(answer)[4] = number), /token 4 came back as 5 where \d+ was sent/]);
    if (kind !== "sglang") {
      cases.push(["two choices", (answer) => answer.choices.push(answer.choices[0]), /2 choices for one prompt/]);
      cases.push(["a choice of another prompt", (answer) => (answer.choices[0].index = 1), /for prompt 1 of a request that has one/]);
      cases.push(["no choices", (answer) => delete answer.choices, /no "choices"/]);
    }
    for (const [name, change, expected] of cases) {
      it(`${kind}: ${name}`, async () => {
        const [server, stub] = await open(changing(protocols[kind](numbers), change));
        await assert.rejects(scorePrompts(server, prompts.slice(0, 1)), expected);
        assert.equal(stub.posts, 1);
      });
    }
  }
});

describe("servers without log-probabilities of prompts", () => {
  const refused = (answer: Answer, expected: RegExp, options: Partial<PromptServerOptions> = {}): Promise<void> =>
    assert.rejects(open(answer, options), (error: Error) => {
      assert.match(error.message, expected);
      return !error.message.includes("\n");
    });

  it("llama.cpp's, by what it answered (fixtures/record_llama_cpp.py)", async () => {
    const { exchanges } = readJson(join("test", "serving", "fixtures", "llama-cpp.json")) as {
      exchanges: { path: string; body?: Record<string, unknown>; status: number; answer: unknown }[];
    };
    const replay = (path: string, body?: Record<string, unknown>): unknown => {
      const found = exchanges.find((exchange) => exchange.path === path && same(exchange.body, body));
      assert.ok(found, `nothing recorded for ${path} ${JSON.stringify(body)}`);
      if (found.status !== 200) throw new Status(found.status, found.answer);
      return found.answer;
    };
    const same = (a: object = {}, b: object = {}): boolean =>
      ["echo", "prompt_logprobs", "logprob_start_len"].every((key) => key in a === key in b);
    await refused(
      replay,
      /^llama\.cpp, tiny-llama, at http.*: gives no log-probabilities of the prompt \(it has only those of the token that was generated\); llama\.cpp's server never does/,
    );
    await refused(replay, /no "prompt_logprobs" in the answer/, { kind: "vllm" });
    await refused(replay, /answered 404 \(File Not Found\)/, { kind: "sglang" });
  });

  it("an echo that is ignored, or answered with the generated token's number alone", async () => {
    const without =
      (change: (choice: Json) => void) =>
      (path: string, body: unknown): unknown => {
        const answer = completions(numbers)(path, body) as Json;
        if (answer?.choices) change(answer.choices[0]);
        return answer;
      };
    await refused(
      without((choice) => (choice.logprobs = null)),
      /no log-probabilities of the prompt \(no "logprobs\.token_logprobs"/,
    );
    await refused(
      without((choice) => (choice.logprobs.token_logprobs = [-1])),
      /no log-probabilities of the prompt \(it has only those of the token/,
    );
  });

  it("an echo that is refused", async () => {
    const answer = completions(numbers);
    const only = { error: { code: 400, message: "Only no echo is supported", type: "invalid_request_error" } };
    await refused((path, body) => {
      if (body) throw new Status(400, only);
      return answer(path, body);
    }, /no log-probabilities of the prompt \(.*Only no echo is supported/);
  });

  it("an echo whose numbers are shifted by one token, with the right counts", async () => {
    // llama-cpp-python without a BOS: at each token stand the probabilities after it
    const shifted = (ids: readonly number[], i: number): number => likeliestAfter(ids, i + 1);
    await refused(completions(numbers, shifted), /do not belong to the tokens they stand at \(what is likeliest there differs by/);
  });

  it("an echo that leaves out the BOS", async () => {
    const answer = completions(numbers);
    await refused((path, body) => {
      const value = answer(path, body) as Json;
      if (value?.choices) value.choices[0].logprobs.token_logprobs.splice(1, 1);
      return value;
    }, /"token_logprobs" counts 4 where 5 belong/);
  });

  it("text-embeddings-inference, and chat interfaces", async () => {
    const info = { model_id: "org/rm", model_type: { classifier: { id2label: { 0: "a" } } }, version: "1.9.3" };
    await refused((path) => (path === "/info" ? info : undefined), /text-embeddings-inference, which gives no log-probabilities/);
    await assert.rejects(openPromptServer({ url: "http://localhost:1/v1/chat/completions" }), /chat interface scores no given tokens/);
  });

  it("one that is not there, is no address, or has several models or not this one", async () => {
    const gone = await startServer(() => undefined);
    await gone.close();
    await assert.rejects(
      openPromptServer({ url: gone.url, ...quick }),
      /\/v1\/models cannot be reached \(ECONNREFUSED\), tried 2 times; is the server running\?/,
    );
    await assert.rejects(
      openPromptServer({ url: "http://127.0.0.1:1", ...quick }),
      /cannot be reached \(bad port\); is the address right\?/,
    );
    await assert.rejects(
      openPromptServer({ url: "localhost:8000" }),
      /"localhost:8000" is no address of a server; write it like http:\/\/localhost:8000/,
    );
    const two = { data: [{ id: "a", owned_by: "vllm" }, { id: "b", owned_by: "vllm" }] }; // biome-ignore format: one line
    const answer = (path: string, body: unknown): unknown => (path === "/v1/models" ? two : vllm(numbers)(path, body));
    await refused(answer, /serves several models; give one of a, b/);
    await refused(answer, /does not serve c; it has a, b/, { model: "c" });
    await refused(() => undefined, /does not say which model it serves/);
  });

  it("takes the base model where the others are its adapters", async () => {
    const list = { data: [{ id: "tiny", owned_by: "vllm", parent: null }, { id: "lora", owned_by: "vllm", parent: "tiny" }] }; // biome-ignore format: one line
    const [server] = await open((path, body) => (path === "/v1/models" ? list : vllm(numbers)(path, body)));
    assert.equal(server.model, "tiny");
  });
});

describe("manners", () => {
  const many = Array.from({ length: 40 }, (_, i) => prompts[i % prompts.length]!);

  it("keeps the order and the limit, and tells how far it is", async () => {
    const [server, stub] = await open(vllm(numbers));
    stub.delay = (post) => (post % 7) * 4;
    stub.most = 0;
    const done: number[] = [];
    const rows = await scorePrompts(server, many, { concurrency: 5, onProgress: (n) => done.push(n) });
    for (const [i, row] of rows.entries()) allClose(row, documents[i % documents.length]!.logprobs, 1e-6, `prompt ${i}`);
    assert.equal(stub.most, 5);
    assert.deepEqual(done, many.map((_, i) => i + 1)); // biome-ignore format: one line
  });

  it("lets all wait when the server is busy", async () => {
    const [server, stub] = await open(vllm(numbers));
    const times: number[] = [];
    stub.meddle = (post, response) => {
      times[post] = performance.now();
      return post === 0 && Boolean(response.writeHead(429, { "retry-after": "0.4" }).end());
    };
    stub.delay = (post) => (post === 0 ? 0 : 60);
    await scorePrompts(server, many, { concurrency: 2 });
    const late = times.filter((time) => time > times[0]! + 150 && time < times[0]! + 395);
    assert.deepEqual(late, [], "requests during the wait that the server asked for");
    assert.equal(stub.posts, many.length + 1);
  });

  it("does not wait longer than ten minutes for anybody", async () => {
    const [server, stub] = await open(vllm(numbers));
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    stub.meddle = (_, response) => Boolean(response.writeHead(429, { "retry-after": later }).end());
    await assert.rejects(scorePrompts(server, many), /answered 429 and asks to wait 3(59\d|600) s; come back later/);
  });

  it("stops at the first error that does not pass, and drops what is under way", async () => {
    const [server, stub] = await open(vllm(numbers));
    stub.delay = (post) => (post === 3 ? 0 : 3000);
    stub.meddle = (post, response) => post === 3 && Boolean(response.writeHead(400).end('{"message":"bad prompt"}'));
    const since = performance.now();
    await assert.rejects(scorePrompts(server, many, { concurrency: 4 }), /^Error: prompt 3: .*bad prompt/);
    assert.ok(performance.now() - since < 2500);
    await new Promise((done) => setTimeout(done, 350));
    assert.equal(stub.posts, 4);
    assert.equal(stub.dropped, 3);
  });

  it("stops when it is told to, also in the middle of a pause", async () => {
    const [server, stub] = await open(vllm(numbers), { pause: 60_000, random: () => 1 });
    stub.meddle = (_, response) => Boolean(response.writeHead(500).end());
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 60);
    await assert.rejects(scorePrompts(server, many, { signal: stop.signal }), /^Error: enough$/);
  });

  it("sends the token, and shows neither it nor the address's password", async () => {
    const [, one] = await open(vllm(numbers), { token: "s3cret" });
    assert.equal(one.asked.length, 0);
    const stub = await start((path, body) => {
      if (path === "/version") throw new Status(401, { error: "who?" });
      return vllm(numbers)(path, body);
    });
    const secret = stub.url.replace("//", "//user:pa%40ss@");
    await assert.rejects(openPromptServer({ url: `${secret}/v1/completions?key=abc`, ...quick }), (error: Error) => {
      assert.match(error.message, /\/version answered 401 \(who\?\); give the server's token/);
      return !/user|pa|abc/.test(error.message);
    });
    assert.equal(stub.asked[0]!.authorization, `Basic ${Buffer.from("user:pa@ss").toString("base64")}`);
    await assert.rejects(
      openPromptServer({ url: stub.url, ...quick, token: "s3cret" }),
      (error: Error) => !error.message.includes("s3cret"),
    );
    assert.equal(stub.asked.at(-1)!.authorization, "Bearer s3cret");
    await assert.rejects(openPromptServer({ url: stub.url, token: "two\nlines" }), /token has spaces or characters/);
  });

  it("follows no redirect", async () => {
    const [server, stub] = await open(vllm(numbers));
    stub.meddle = (_, response) => Boolean(response.writeHead(307, { location: "https://elsewhere.example/v1/completions" }).end());
    await assert.rejects(
      scorePrompts(server, many),
      /answered 307; it redirects to https:\/\/elsewhere\.example\/v1\/completions: give that address/,
    );
  });
});
