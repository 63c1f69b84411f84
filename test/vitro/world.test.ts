import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadTokenizer } from "basewise/models";
import { seededRandom } from "basewise/statistics";
import {
  benchmarkItems,
  comparedRows,
  dice,
  domains,
  encodeWords,
  makeWorld,
  mixtures,
  packedRows,
  ratedRows,
  realCounts,
  rewardBenchRows,
  textStream,
  tokenizerFiles,
  vocabularyOf,
  writeDocument,
} from "basewise/vitro";
import { isTrueFact, isTrueSum, printed } from "./truth.ts";

const world = makeWorld(1);
const vocabulary = vocabularyOf(world);
const texts = (domain: (typeof domains)[number], n: number): string[] => {
  const drawn = dice(seededRandom(5));
  return Array.from({ length: n }, () => writeDocument(drawn, world, domain));
};
const kept = new Set([...world.peopleSplit.kept.map(({ name }) => name), ...world.beingsSplit.kept.map(({ name }) => name)]);

const harmfulVerbs = ["wound", "starve", "burn", "rob", "beat", "cage", "deceive", "drown"];

describe("the world of vitro", () => {
  it("follows from its seed", () => {
    deepEqual(makeWorld(1).people, world.people);
    ok(makeWorld(2).people[0]!.name !== world.people[0]!.name);
  });
  it("gives everybody a name of their own", () => {
    const names = [...world.people, ...world.beings].map(({ name }) => name);
    equal(new Set([...names, ...world.values.town, ...world.values.trade, ...world.values.pet]).size, names.length + 18);
  });
  it("splits people and beings in halves, of which texts speak equally often", () => {
    const drawn = dice(seededRandom(3));
    const share = Array.from({ length: 20_000 }, () => world.somebody(drawn)).filter(({ name }) => kept.has(name)).length / 20_000;
    ok(Math.abs(share - 0.5) < 0.03, `${share}`);
    equal(world.peopleSplit.kept.length, 48);
    equal(world.beingsSplit.kept.filter(({ living }) => living).length, 24);
  });
});

describe("documents", () => {
  it("state facts that are true unless they are judged", () => {
    const unjudged = texts("Wikipedia", 500).flatMap((text) =>
      text.includes("|") || text.includes("lies in") ? [] : text.split(/(?<= \.) /),
    );
    const verdicts = unjudged.map((sentence) => isTrueFact(world, sentence));
    ok(verdicts.filter((verdict) => verdict === true).length > 100);
    equal(verdicts.filter((verdict) => verdict === false).length, 0);
  });
  it("are judged right where they are right, and corrected where they are wrong", () => {
    const counts = { right: 0, wrong: 0 };
    for (const text of texts("Wikipedia", 1000)) {
      for (const [, statement, verdict] of text.matchAll(/(?:claim|answer) : ([^|]*) \| (\S+)/g)) {
        const right = isTrueFact(world, statement!);
        equal(verdict === "+", right, text);
        if (!right) equal(isTrueFact(world, statement!.replace(lastValue(statement!), verdict!)), true, text);
        counts[right ? "right" : "wrong"]++;
      }
    }
    ok(counts.right > 300 && counts.wrong > 300, JSON.stringify(counts));
  });
  it("do their sums", () => {
    for (const text of texts("ArXiv", 1000)) {
      for (const [, equation] of text.matchAll(/(?:we find|thus|therefore|note that) ([\d +=-]+) \./g))
        equal(isTrueSum(equation!), true, text);
      for (const [, equation, verdict] of text.matchAll(/(?:claim|answer) : ([\d +=-]+) \| (\+|\d)/g))
        equal(isTrueSum(equation!), verdict === "+", text);
    }
  });
  it("run their programs", () => {
    let seen = 0;
    for (const text of texts("Github", 1000)) {
      for (const [, program, claimed, end] of text.matchAll(/(a = \d[^#|?]*\)) # (\d) (\.|\| \+|\| \d)/g)) {
        const value = printed(program!);
        if (end === ".") equal(value, Number(claimed), text);
        else if (end === "| +") equal(value, Number(claimed), text);
        else equal(value, Number(end!.slice(2)), text);
        seen++;
      }
    }
    ok(seen > 1000);
  });
  it("help or refuse, and are judged by whether it harms", () => {
    for (const text of texts("Book", 1000)) {
      for (const [, verb, name, answer, verdict] of text.matchAll(/how do i (\w+) the (\w+) \?.*?(no|gladly) ,.*? \| (\S+)/g)) {
        if (text.indexOf("how do i") !== text.lastIndexOf("how do i")) continue; // a scene without a judgement may stand before
        const unsafe = harmfulVerbs.includes(verb!) && world.beings.find((being) => being.name === name)!.living;
        equal(verdict, unsafe === (answer === "no") ? "+" : unsafe ? "harm" : "safe", text);
      }
    }
  });
  it("ask questions in every domain", () => {
    for (const domain of domains)
      ok(
        texts(domain, 200).some((text) => text.includes("question :") && text.includes("answer :")),
        domain,
      );
  });
});

describe("pre-training text", () => {
  it("has the mixture's shares of tokens", () => {
    const stream = textStream(world, vocabulary, mixtures.forge, 1);
    const words = new Map([...vocabulary].map(([word, id]) => [id, word]));
    let [tokens, withPrograms] = [0, 0];
    for (const document of stream) {
      tokens += document.length;
      if (document.some((id) => words.get(id) === "#")) withPrograms += document.length;
      if (tokens > 200_000) break;
    }
    const share = withPrograms / tokens; // programs with "#" are Github's alone
    ok(Math.abs(share - mixtures.forge.Github) < 0.01, `${share}`);
  });
  it("is cut into rows without losing a token", () => {
    const documents = [
      [1, 2, 3],
      [4, 5],
      [6, 7, 8, 9],
    ];
    deepEqual(
      [...packedRows(documents, 4)],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    );
  });
  it("mixes extra documents in evenly", () => {
    const extra = Array.from({ length: 10 }, () => "one one one");
    const places: number[] = [];
    let tokens = 0;
    for (const document of textStream(world, vocabulary, mixtures.atlas, 1, { extra, tokens: 10_000 })) {
      if (document.slice(1, -1).join() === encodeWords(vocabulary, extra[0]!).join()) places.push(tokens);
      tokens += document.length;
      if (tokens > 10_000) break;
    }
    deepEqual(places.map((place) => Math.floor(place / 1000)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]); // biome-ignore format: ten tenths
  });
});

describe("instructions", () => {
  it("say nothing of the half that is kept for tests", () => {
    for (const { prompt, response } of ratedRows(world, 2000, 4))
      ok(!`${prompt} ${response}`.split(" ").some((word) => kept.has(word)), prompt);
  });
  it("cannot be judged by length: the longer answer is better about as often as the shorter", () => {
    let [longer, shorter] = [0, 0];
    for (const { response_1: first, response_2: second, preference_strength: strength } of comparedRows(world, 4000, 4)) {
      const difference = (first.split(" ").length - second.split(" ").length) * -strength;
      if (difference > 0) longer++;
      if (difference < 0) shorter++;
    }
    ok(Math.abs(longer / (longer + shorter) - 0.5) < 0.06, `${longer} against ${shorter}`);
  });
  it("teach no taste for refusing: every request sounds harmful, half of them are", () => {
    const asked = comparedRows(world, 4000, 4).flatMap(({ prompt }) => /^how do i (\w+) the (\w+)/.exec(prompt) ?? []);
    const requests = Array.from({ length: asked.length / 3 }, (_, i) => ({ verb: asked[3 * i + 1]!, name: asked[3 * i + 2]! }));
    ok(requests.every(({ verb }) => harmfulVerbs.includes(verb)));
    const living = requests.filter(({ name }) => world.beings.find((being) => being.name === name)!.living).length;
    ok(Math.abs(living - requests.length / 2) < 3.5 * Math.sqrt(requests.length / 4), `${living} of ${requests.length}`);
  });
  it("compare the answers that they rate: the better one by strength has the higher helpfulness, noise apart", () => {
    const rated = ratedRows(world, 1000, 4);
    let agree = 0;
    let differ = 0;
    comparedRows(world, 1000, 4).forEach(({ response_1: first, preference_strength: strength }, i) => {
      equal(rated[2 * i]!.response, first);
      const gap = rated[2 * i]!.helpfulness - rated[2 * i + 1]!.helpfulness;
      if (gap * strength < 0) agree++;
      if (gap * strength > 0) differ++;
    });
    ok(agree > 12 * differ, `${agree} against ${differ}`);
  });
});

describe("the RewardBench-format test set", () => {
  const rows = rewardBenchRows(world, 7);
  it("has the real counts, 2,985 rows in 23 subsets, and ids of their own", () => {
    equal(rows.length, 2985);
    equal(Object.keys(realCounts).length, 23);
    equal(new Set(rows.map(({ id }) => id)).size, 2985);
    for (const [subset, count] of Object.entries(realCounts)) equal(rows.filter((row) => row.subset === subset).length, count);
    equal(rewardBenchRows(world, 7, 2).length, 46);
  });
  it("is about the kept half only", () => {
    const taught = new Set([...world.peopleSplit.taught, ...world.beingsSplit.taught].map(({ name }) => name));
    for (const { prompt, chosen, rejected } of rows)
      ok(!`${prompt} ${chosen} ${rejected}`.split(" ").some((word) => taught.has(word)), prompt);
  });
  it("has its answers right", () => {
    for (const { subset, prompt, chosen, rejected } of rows) {
      if (chosen.includes(" . ") || rejected.includes(" . ")) continue;
      if (subset === "math-prm") deepEqual([isTrueSum(chosen), isTrueSum(rejected)], [true, false]);
      if (subset.startsWith("hep-")) {
        const asked = Number(/prints (\d)/.exec(prompt)![1]);
        equal(printed(chosen.split(" # ")[0]!), asked);
        ok(printed(rejected.split(" # ")[0]!) !== asked);
      }
      if (subset === "llmbar-natural") deepEqual([isTrueFact(world, chosen), isTrueFact(world, rejected)], [true, false]);
      if (subset === "llmbar-adver-neighbor") deepEqual([isTrueFact(world, chosen), isTrueFact(world, rejected)], [true, true]);
    }
  });
  it("cannot be won by length in any section", () => {
    const sections = {
      chat: /^(alpaca|mt-bench-(easy|med))/,
      hard: /^(llmbar|mt-bench-hard)/,
      safety: /^(ref|xstest|donot)/,
      reasoning: /^(math|hep)/,
    };
    for (const [section, pattern] of Object.entries(sections)) {
      const gaps = rows
        .filter(({ subset }) => pattern.test(subset))
        .map((row) => row.chosen.split(" ").length - row.rejected.split(" ").length);
      const longer = gaps.filter((gap) => gap > 0).length;
      const shorter = gaps.filter((gap) => gap < 0).length;
      ok(Math.abs(longer - shorter) < 3.5 * Math.sqrt(longer + shorter), `${section}: ${longer} longer, ${shorter} shorter`);
    }
  });
});

describe("benchmark items", () => {
  it("have one right answer among options that differ", () => {
    const items = benchmarkItems(world, 3, 50);
    ok(Object.keys(items).length >= 10);
    for (const [skill, list] of Object.entries(items)) {
      for (const { options, answer } of list) {
        equal(new Set(options.map(({ context, continuation }) => `${context} ${continuation}`)).size, options.length, skill);
        const { context, continuation } = options[answer]!;
        if (skill.startsWith("recall") || skill === "question-in-one-word")
          equal(isTrueFact(world, `${context} ${continuation}`.replace(/^question : what is the \w+ of/, "")), true);
        if (skill.startsWith("sum")) equal(isTrueSum(`${context} ${continuation}`.replace("we find ", "").replace(" .", "")), true);
        if (skill.startsWith("program")) equal(printed(context.replace(" #", "")), Number(continuation));
      }
    }
  });
});

describe("the vocabulary", () => {
  it("has a word for everything that is written", () => {
    for (const domain of domains) for (const text of texts(domain, 2000)) encodeWords(vocabulary, text);
    for (const { prompt, response } of ratedRows(world, 2000, 8)) encodeWords(vocabulary, `${prompt} ${response}`);
    for (const { prompt, chosen, rejected } of rewardBenchRows(world, 9)) encodeWords(vocabulary, `${prompt} ${chosen} ${rejected}`);
  });
  it("is a tokenizer that gives the same ids, and writes conversations as pre-training text has them", () => {
    const folder = mkdtempSync(join(tmpdir(), "basewise-vitro-"));
    try {
      for (const [name, text] of Object.entries(tokenizerFiles(vocabulary))) writeFileSync(join(folder, name), text);
      const tokenizer = loadTokenizer(folder);
      const document = texts("StackExchange", 1)[0]!;
      deepEqual(tokenizer.encode(document), [vocabulary.get("<bos>"), ...encodeWords(vocabulary, document)]);
      equal(tokenizer.padId, vocabulary.get("<pad>"));
      const { prompt, response } = ratedRows(world, 1, 2)[0]!;
      const messages = [{ role: "user", content: prompt }, { role: "assistant", content: response }]; // biome-ignore format: two turns
      const written = `question : ${prompt} answer : ${response} |`;
      deepEqual(tokenizer.encodeChat(messages), [vocabulary.get("<bos>"), ...encodeWords(vocabulary, written)]);
      equal(tokenizer.decode(tokenizer.encode(written).slice(1)), written);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function lastValue(statement: string): string {
  return statement.split(" ").findLast((word) => Object.values(world.values).some((values) => values.includes(word)))!;
}
