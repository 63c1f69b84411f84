import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fullStudy, readStudy } from "basewise/vitro";

/** Small tables in the layout that a study writes: what is in them is made up. */
const tables: Readonly<Record<string, string>> = {
  "rewards.csv": `base,method,learning_rate,seed,validation,chat,chat_hard,safety,reasoning,overall,merge_vector
a,bradley-terry,0.00005,1,0.7,0.9,0.8,1,0.5,0.8,
a,regression,0.0002,2,0.71,0.9,0.8,,0.5,0.8,0.1 0.6 0.3 0 -0.2
`,
  "subsets.csv": "base,method,learning_rate,seed,subset,accuracy,n\na,bradley-terry,0.00005,1,donotanswer,0.75,136\n",
  "skills.csv": "base,skill,accuracy,low,high,chance,n\na,recall,0.5,0.42,0.58,0.16667,150\n",
  "presence.csv": "base,document,domain,tokens,presence\na,0,Github,31,-1.25\na,1,Github,28,\n",
  "detection.csv": "base,score,repeats,documents,area,low,high\na,min-20%++,32,50,0.8,0.71,0.89\n",
  "length.csv": "subset,longer_wins,shorter_wins,n\ndonotanswer,0.4,0.5,136\n",
  "study.json": JSON.stringify({
    plan: fullStudy,
    parts: 2,
    coreSeconds: 9,
    machine: { processor: "p", cores: 2, platform: "linux x64" },
    versions: { basewise: "0.1.0", node: ["v22.12.0"], engines: ["e"] },
    weights: { a: "00" },
  }),
};
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-tables-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));
/** The tables with one of them changed. */
const readWith = (changed: Readonly<Record<string, string>> = {}): ReturnType<typeof readStudy> => {
  for (const [name, text] of Object.entries({ ...tables, ...changed })) writeFileSync(join(folder, name), text);
  return readStudy(folder);
};
const edited = (name: string, from: string, to: string): Readonly<Record<string, string>> => {
  ok(tables[name]!.includes(from));
  return { [name]: tables[name]!.replace(from, to) };
};

describe("the tables of a study", () => {
  it("are read with what they hold; what is missing stays missing", () => {
    const { rewards, subsets, skills, presence, detection, length, record } = readWith();
    const run = { base: "a", method: "bradley-terry", learningRate: 5e-5, seed: 1 };
    deepEqual(rewards[0], {
      ...run,
      validation: 0.7,
      sections: { chat: 0.9, chat_hard: 0.8, safety: 1, reasoning: 0.5, overall: 0.8 },
      mergeVector: null,
    });
    deepEqual(rewards[1]!.mergeVector, [0.1, 0.6, 0.3, 0, -0.2]);
    ok(Number.isNaN(rewards[1]!.sections.safety));
    deepEqual(subsets, [{ ...run, subset: "donotanswer", accuracy: 0.75, n: 136 }]);
    deepEqual(skills, [{ base: "a", skill: "recall", accuracy: 0.5, low: 0.42, high: 0.58, chance: 0.16667, n: 150 }]);
    deepEqual(presence[0], { base: "a", document: 0, domain: "Github", tokens: 31, presence: -1.25 });
    ok(Number.isNaN(presence[1]!.presence));
    deepEqual(detection, [{ base: "a", score: "min-20%++", repeats: 32, documents: 50, area: 0.8, low: 0.71, high: 0.89 }]);
    deepEqual(length, [{ subset: "donotanswer", longerWins: 0.4, shorterWins: 0.5, n: 136 }]);
    deepEqual(record.plan, JSON.parse(JSON.stringify(fullStudy)));
    equal(record.coreSeconds, 9);
  });
  it("may be without detection, as a study without repeated documents is", () => {
    deepEqual(readWith({ "detection.csv": "\n" }).detection, []);
  });
  it("name file, line and column of what is wrong", () => {
    const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
      [
        edited("rewards.csv", "a,regression", "a,ranking"),
        /rewards\.csv, line 3, column "method": has "ranking"; known: bradley-terry, regr/,
      ],
      [edited("rewards.csv", "0.7,0.9,", "70,90,"), /rewards\.csv, line 2, column "validation": has 70; write a fraction, 0 to 1/],
      [edited("rewards.csv", "0.3 0 -0.2", "0.3 0"), /rewards\.csv, line 3, column "merge_vector": has "0\.1 0\.6 0\.3 0"; write five/],
      [edited("rewards.csv", "0.3 0 -0.2", "0.3 0 x"), /column "merge_vector": has "0\.1 0\.6 0\.3 0 x"; write five/],
      [edited("subsets.csv", "donotanswer", ""), /subsets\.csv, line 2, column "subset": is empty; fill it in/],
      [edited("skills.csv", "chance,n", "luck,n"), /skills\.csv: column "chance" is missing/],
      [edited("skills.csv", "0.42", "low"), /skills\.csv, line 2, column "low": has "low" where a number belongs/],
      [edited("presence.csv", "1,Github", "1,Blogs"), /presence\.csv, line 3, column "domain": has "Blogs"; known: Github, Book/],
      [edited("detection.csv", "min-20%++", "loss"), /detection\.csv, line 2, column "score": has "loss"; known: mean, zlib/],
      [edited("length.csv", ",136", ",many"), /length\.csv, line 2, column "n": has "many" where a number belongs/],
      [edited("study.json", "coreSeconds", "seconds"), /study\.json: has no "coreSeconds"; run basewise vitro study again/],
      [{ "study.json": "{" }, /study\.json: has no "plan"/],
    ];
    for (const [change, message] of wrong) throws(() => readWith(change), message);
    rmSync(join(folder, "length.csv"));
    throws(() => readStudy(folder), /length\.csv: no such file; check the path/);
  });
});
