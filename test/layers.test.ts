import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const source = join(dirname(fileURLToPath(import.meta.url)), "..", "lib", "src");

/** A folder may import from itself and from the lines above its own. */
const order = [
  ["statistics"],
  ["paper"],
  ["files"],
  ["published"],
  ["benchmarks"],
  ["compute"],
  ["models"],
  ["datasets"],
  ["store", "serving"],
  ["training"],
  ["rewardbench", "presence"],
  ["selection"],
  ["vitro"],
  ["claims"],
  ["cluster", "figures"],
  ["notebook"],
  ["cli"],
];

interface SourceFile {
  /** `statistics/pca.ts` */
  place: string;
  folder: string;
  text: string;
  imports: string[];
}

const files: SourceFile[] = readdirSync(source, { recursive: true })
  .map((file) => String(file).replaceAll("\\", "/"))
  .filter((place) => place.endsWith(".ts"))
  .map((place) => {
    const text = readFileSync(join(source, place), "utf8");
    return {
      place,
      folder: folderOf(place),
      text,
      imports: ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
    };
  });

function folderOf(place: string): string {
  return place.split("/")[0]!;
}

function level(folder: string): number {
  return order.findIndex((folders) => folders.includes(folder));
}

/** Imports from one folder of lib into another, as [file, imported file]. */
const crossings = files.flatMap(({ place, folder, imports }) =>
  imports
    .filter((name) => name.startsWith("."))
    .map((name) => posix.join(posix.dirname(place), name))
    .filter((target) => folderOf(target) !== folder)
    .map((target) => [place, target] as const),
);

describe("the order of lib's folders", () => {
  it("has a place for every folder", () => {
    ok(files.length > 10, `only ${files.length} source files found`);
    deepEqual(
      [...new Set(files.map(({ folder }) => folder))].filter((folder) => level(folder) < 0),
      [],
    );
  });

  it("is kept by every import", () => {
    ok(crossings.length > 10, `only ${crossings.length} imports between folders found`);
    const wrong = crossings.filter(([from, to]) => level(folderOf(to)) >= level(folderOf(from)));
    deepEqual(
      wrong.map(([from, to]) => `${from} imports ${to}`),
      [],
    );
  });

  it("lets folders see each other by their index.ts alone, but for the program, which has the runner and plain tables from notebook", () => {
    const deep = crossings.filter(([, to]) => !/^[^/]+\/index\.ts$/.test(to));
    const wrong = deep.filter(([from, to]) => !(from.startsWith("cli/") && to.startsWith("notebook/")));
    deepEqual(
      wrong.map(([from, to]) => `${from} imports ${to}`),
      [],
    );
  });

  it("keeps the runner and the kernel out of what notebooks load", () => {
    const face = files.find(({ place }) => place === "notebook/index.ts")!;
    deepEqual(
      face.imports.filter((name) => /runner|kernel/.test(name)),
      [],
    );
  });
});

describe("what folders know of the world", () => {
  it("keeps statistics and paper free of Node, so that they run in a browser", () => {
    const pure = files.filter(({ folder }) => folder === "statistics" || folder === "paper");
    ok(pure.length > 5);
    const wrong = pure.flatMap(({ place, imports }) =>
      imports.filter((name) => name.startsWith("node:")).map((name) => `${place} imports ${name}`),
    );
    deepEqual(wrong, []);
    const clocks = pure.filter(({ text }) => /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bprocess\./.test(text));
    deepEqual(
      clocks.map(({ place }) => place),
      [],
    );
  });

  it("keeps TensorFlow.js to compute, models and training", () => {
    const wrong = files.filter(
      ({ folder, text }) => !["compute", "models", "training"].includes(folder) && /["'`]@tensorflow\//.test(text),
    );
    deepEqual(
      wrong.map(({ place }) => place),
      [],
    );
  });
});
