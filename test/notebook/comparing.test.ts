import { deepEqual, equal, match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { sourceLine } from "../../lib/src/notebook/kernel/lines.ts";
import { loadTslab } from "../../lib/src/notebook/kernel/tslab.ts";
import { differences } from "../../lib/src/notebook/runner/compare.ts";
import { sameText, sameValue } from "../../lib/src/notebook/runner/equal.ts";
import type { Execution } from "../../lib/src/notebook/runner/execute.ts";
import type { Notebook, Output } from "../../lib/src/notebook/runner/ipynb.ts";
import { formatNotebook } from "../../lib/src/notebook/runner/ipynb.ts";
import { movedNumbers } from "../../lib/src/notebook/runner/moves.ts";
import { OutputCollector } from "../../lib/src/notebook/runner/outputs.ts";
import { parameterNames, parseSettings, withSettings } from "../../lib/src/notebook/runner/parameters.ts";
import { Project } from "./project.ts";

function notebook(outputs: Output[], tags: string[] = []): Notebook {
  const cell = { cell_type: "code", id: "a", metadata: { tags }, source: "x", execution_count: 1, outputs };
  return { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

const printed = (text: string): Output => ({ output_type: "stream", name: "stdout", text: [text] });
const shown = (data: Record<string, unknown>): Output => ({ output_type: "display_data", data, metadata: {} });

/** Compare two executions that wrote no files. */
function compare(before: Output[], after: Output[], tags: string[] = []): string[] {
  const execution: Execution = { notebook: notebook(after, tags), reads: new Map(), writes: new Map(), seconds: 0 };
  return differences({ root: "/nowhere", outputRoot: "/nowhere", stored: notebook(before, tags), execution });
}

describe("equality up to rounding", () => {
  it("allows 1e-6 relative in numbers, and nothing in words", () => {
    equal(sameText("r = 0.5000001, n = 40", "r = 0.5000002, n = 40"), true);
    equal(sameText("r = 0.50001, n = 40", "r = 0.50002, n = 40"), false);
    equal(sameText("r = 1", "p = 1"), false);
    equal(sameText("−0.5", "0.5"), false);
    equal(sameText("1e-5", "2e-5"), false);
  });
  it("goes through values, and knows a missing key, null and a list", () => {
    equal(sameValue({ x: [1, null], t: "a 1" }, { t: "a 1.0000000001", x: [1, null] }), true);
    equal(sameValue({ x: 1, y: undefined }, { x: 1 }), false);
    equal(sameValue({ x: null }, { x: 0 }), false);
    equal(sameValue([], {}), false);
  });
});

describe("what differs between two executions", () => {
  const plotly = "application/vnd.plotly.v1+json";
  it("compares a figure by its data and not by its picture, and a picture where there is no data", () => {
    const figure = (y: number, png: string): Output => shown({ [plotly]: { data: [{ y: [y] }] }, "image/png": png });
    deepEqual(compare([figure(1, "A")], [figure(1, "B")]), []);
    deepEqual(compare([figure(1, "A")], [figure(2, "A")]), ["cell 1: the figure's data differ"]);
    deepEqual(compare([shown({ "image/png": "A" })], [shown({ "image/png": "B" })]), ["cell 1: image/png differs"]);
  });
  it("compares a cell that depends on the machine by the kinds of its outputs", () => {
    const tags = ["machine-dependent"];
    deepEqual(compare([printed("3 s")], [printed("five seconds")], tags), []);
    deepEqual(compare([printed("3 s")], [], tags), ["cell 1: showed stdout, now nothing"]);
    deepEqual(compare([shown({ "text/plain": "a" })], [shown({ "text/plain": "b", "text/html": "b" })], tags), [
      "cell 1: showed text/plain, now text/html + text/plain",
    ]);
  });
  it("shows the first line that differs", () => {
    deepEqual(compare([printed("one 1\ntwo 2\n")], [printed("one 1\ntwo 3\n")]), ['cell 1: "two 2" is now "two 3"']);
    deepEqual(compare([printed("one\n")], [printed("one\nmore\n")]), ['cell 1: "" is now "more"']);
  });
  it("compares written files by value, but not what a machine-dependent cell wrote, nor files that are never committed", () => {
    const project = new Project("compare");
    project.write("tables/t.csv", "model,score\na,1\n");
    project.write("fresh/tables/t.csv", "model,score\na,1.0000000001\n");
    project.write("tables/u.json", '{"x":[1,2]}');
    project.write("fresh/tables/u.json", '{"x":[1,3]}');
    project.write("fresh/tables/v.csv", "x\n1\n");
    project.write("fresh/data/derived/w.csv", "x\n1\n");
    project.write("tables/time.csv", "x\n1\n");
    project.write("fresh/tables/time.csv", "x\n2\n");
    const written = ["tables/t.csv", "tables/u.json", "tables/v.csv", "data/derived/w.csv", "tables/time.csv"];
    const writes = new Map(written.map((place) => [project.path(`fresh/${place}`), { machineDependent: place.includes("time") }]));
    const execution: Execution = { notebook: notebook([]), reads: new Map(), writes, seconds: 0 };
    const found = differences({ root: project.root, outputRoot: project.path("fresh"), stored: notebook([]), execution });
    deepEqual(found, ["tables/u.json: its values differ", "tables/v.csv: not among the stored results"]);
  });
});

describe("the numbers that a what-if moves", () => {
  it("names them by the words before them, and by row and column", () => {
    const project = new Project("moves");
    project.write("tables/t.csv", "model,method,score\na,bt,1\na,reg,2\nb,bt,\n");
    project.write("fresh/tables/t.csv", "model,method,score\na,bt,1\na,reg,2.5\nb,bt,3\nc,bt,4\n");
    const writes = new Map([[project.path("fresh/tables/t.csv"), { machineDependent: false }]]);
    const execution: Execution = { notebook: notebook([printed("over 9 models r = 0.5\n")]), reads: new Map(), writes, seconds: 0 };
    const stored = notebook([printed("over 9 models r = 0.4\n")]);
    deepEqual(movedNumbers({ root: project.root, outputRoot: project.path("fresh"), stored, execution }), [
      { name: "cell 1: over 9 models r =", was: "0.4", now: "0.5" },
      { name: "tables/t.csv, a reg, score", was: "2", now: "2.5" },
      { name: "tables/t.csv, b bt, score", was: "empty", now: "3" },
      { name: "tables/t.csv, c bt", was: "", now: "a new row" },
    ]);
  });
});

describe("parameters", () => {
  const cell = {
    cell_type: "code",
    id: "p",
    metadata: { tags: ["parameters"] },
    source: 'const k: number = 3, name = "a";\nconst more = [k, 2]; // keep',
  };
  it("are read as JSON, and as text where they are none", () => {
    deepEqual(
      [...parseSettings(["a=5", "b=true", "c=two words", 'd="5"', "e=[1,2]", "f=x=y"])],
      [
        ["a", 5],
        ["b", true],
        ["c", "two words"],
        ["d", "5"],
        ["e", [1, 2]],
        ["f", "x=y"],
      ],
    );
    throws(() => parseSettings(["a"]), /write it as name=value/);
    throws(() => parseSettings(["a=1", "a=2"]), /given twice/);
  });
  it("replace the values and nothing else", () => {
    deepEqual(parameterNames(cell), ["k", "name", "more"]);
    const changed = withSettings(cell, parseSettings(["k=5", "name=it's `b`"]));
    equal(changed.source, 'const k: number = 5, name = "it\'s `b`";\nconst more = [k, 2]; // keep');
  });
});

describe("a notebook file", () => {
  it("has its keys sorted, one space of indent and text line by line, as Python writes it", () => {
    const collector = new OutputCollector();
    collector.add({ say: "stream", name: "stdout", text: "a\r\nb" });
    collector.add({ say: "stream", name: "stdout", text: "c\n" });
    collector.add({
      say: "display",
      data: { "text/html": "<b>\n</b>", "image/png": "x\n", "application/json": { b: 1, a: 2 } },
      metadata: {},
      update: false,
    });
    const text = formatNotebook(notebook(collector.finish()));
    match(text, /^\{\n "cells": \[\n {2}\{\n {3}"cell_type": "code",\n {3}"execution_count": 1,/);
    const { cells } = JSON.parse(text);
    deepEqual(cells[0].outputs[0].text, ["a\r\n", "bc\n"]);
    deepEqual(cells[0].outputs[1].data, { "text/html": ["<b>\n", "</b>"], "image/png": "x\n", "application/json": { a: 2, b: 1 } });
    equal(text.endsWith("}\n"), true);
  });
});

describe("the line of a cell behind a line of JavaScript", () => {
  it("is found past types that vanish and names that are rewritten", () => {
    const { ts, createConverter } = loadTslab();
    const source =
      "interface Row {\n  x: number;\n}\nconst half = (row: Row): number =>\n  row.x / 2;\n\nfunction fail(): never {\n  throw new Error('here');\n}\nfail();";
    const converter = createConverter({ isJS: false, isBrowser: false });
    const { output } = converter.convert("", source);
    converter.close();
    const js = output!.split("\n").findIndex((line) => line.includes("throw new Error")) + 1;
    equal(sourceLine(ts, source, output!, js), 8);
  });
});
