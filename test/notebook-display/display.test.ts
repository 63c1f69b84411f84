import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { barFigure } from "basewise/figures";
import { parseCsv } from "basewise/files";
import { check, close, frame, matchesPublished, say, show, table } from "basewise/notebook";
import { inCell } from "./hook.ts";

/** A fresh folder for what notebooks write. */
function outputFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "basewise-display-"));
  process.env["BASEWISE_OUTPUT_ROOT"] = folder;
  return folder;
}

const nasty = [
  { model: "<script>alert(1)</script>", score: 0.5, "p_value%": null, note: "a|b" },
  { model: "50% & $x_1^2$ \\ #1 ~ {y}", score: -12.25, "p_value%": Number.NaN, note: "two\nlines" },
  { model: '"quoted", comma', score: 3, "p_value%": 0.00002, note: "" },
];

describe("show", () => {
  const figure = barFigure(
    [
      { label: "a", value: 1 / 3 },
      { label: "b", value: null },
    ],
    { source: "test", xTitle: "x", alt: "the alt text", caption: "the caption" },
  );
  it("displays Plotly's JSON, a PNG of twice the size and text, and no HTML that would hide the picture", async () => {
    outputFolder();
    const { shown } = await inCell(() => show(figure, "figure-99"));
    assert.equal(shown.length, 1);
    assert.deepEqual(Object.keys(shown[0]!.data).toSorted(), ["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
    const png = Buffer.from(shown[0]!.data["image/png"] as string, "base64");
    const { width, height } = figure.layout;
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [2 * width, 2 * height]);
    assert.deepEqual(shown[0]!.metadata, { "image/png": { width, height } });
    assert.match(shown[0]!.data["text/plain"] as string, /^the alt text\n\nthe caption\n\nScale: published\. Source: test\.$/);
  });
  it("writes five files, the same bytes each time; the CSV has twelve digits and leaves missing cells empty", async () => {
    const folder = outputFolder();
    const read = (): Record<string, string> =>
      Object.fromEntries(
        readdirSync(join(folder, "figures"))
          .toSorted()
          .map((file) => [file, readFileSync(join(folder, "figures", file), "base64")]),
      );
    await inCell(() => show(figure, "figure-99"));
    const once = read();
    await inCell(() => show(figure, "figure-99"));
    assert.deepEqual(read(), once);
    assert.deepEqual(
      Object.keys(once),
      ["csv", "json", "png", "svg", "txt"].map((ending) => `figure-99.${ending}`),
    );
    assert.equal(readFileSync(join(folder, "figures", "figure-99.csv"), "utf8"), `label,value\na,0.333333333333\nb,\n`);
    assert.equal(JSON.parse(readFileSync(join(folder, "figures", "figure-99.json"), "utf8")).data[0].x[0], 0.3333333);
  });
  it("refuses names that are paths, before it writes anything", async () => {
    const folder = outputFolder();
    for (const name of ["../x", "a/b", "a\\b", "", ".hidden", "C:x"]) await assert.rejects(show(figure, name), /no plain file name/);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe("table", () => {
  it("escapes HTML and has no script; numbers right, one number of decimals per column, missing cells an en dash", async () => {
    const { shown } = await inCell(() => table(nasty, { caption: "<img src=x onerror=alert(1)>" }));
    const html = shown[0]!.data["text/html"] as string;
    assert.ok(!/<script|<img/.test(html));
    assert.match(html, /^<table class="tex2jax_ignore mathjax_ignore">/); // a name such as $x$ is no formula
    assert.ok(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;") && html.includes("&lt;img src=x"));
    assert.ok(html.includes('<td style="text-align:right">−12.25</td>') && html.includes('<td style="text-align:right">3.00</td>'));
    assert.ok(html.includes('<td style="text-align:right">–</td>') && html.includes("2.0e−5"));
  });
  it("has a text twin with aligned columns", async () => {
    const { shown } = await inCell(() => table([{ name: "a", x: 1.5 }, { name: "bbb", x: -10 }, { name: "c" }], { caption: "cap" }));
    assert.equal(shown[0]!.data["text/plain"], "cap\n\nname      x\na       1.5\nbbb   −10.0\nc         –");
  });
  it("writes CSV in twelve digits, Markdown and LaTeX that read back as typed", async () => {
    const folder = outputFolder();
    await inCell(() => table(nasty, { name: "table-9", digits: 1 }));
    const read = (ending: string): string => readFileSync(join(folder, "tables", `table-9.${ending}`), "utf8");
    const csv = parseCsv(read("csv"), "t.csv");
    assert.deepEqual(
      csv.rows.map((row) => row.cells["model"]),
      nasty.map((row) => row.model),
    );
    assert.deepEqual(
      csv.rows.map((row) => row.cells["p_value%"]),
      ["", "", "0.00002"],
    );
    const lines = read("md").trim().split("\n");
    assert.equal(lines[1], "| :--- | ---: | ---: | :--- |");
    for (const line of lines) assert.equal(line.match(/(?<!\\)\|/g)!.length, 5, line);
    assert.ok(!read("md").includes("<script"));
    assert.ok(
      read("tex").includes("50\\% \\& \\$x\\_1\\textasciicircum{}2\\$ \\textbackslash{} \\#1 \\textasciitilde{} \\{y\\} & $-$12.3"),
    );
    assert.ok(read("tex").includes("p\\_value\\%"));
  });
  it("chooses and names columns, and refuses one that is not there", async () => {
    const { shown } = await inCell(() => table([{ a: 1, b: 2 }], { columns: ["b"], labels: { b: "the b" } }));
    assert.equal(shown[0]!.data["text/plain"], "the b\n    2");
    assert.throws(() => table([{ a: 1 }], { columns: ["z"] }), /no row has a column "z" \(there are: a\)/);
  });
  it("shows at most `limit` rows and says how many there are; the files get all", async () => {
    const folder = outputFolder();
    const rows = Array.from({ length: 5 }, (_, i) => ({ i }));
    const { shown } = await inCell(() => table(rows, { limit: 2, name: "t" }));
    assert.equal(shown[0]!.data["text/plain"], "i\n0\n1\n… and 3 more rows");
    assert.equal(readFileSync(join(folder, "tables", "t.csv"), "utf8"), "i\n0\n1\n2\n3\n4\n");
  });
  it("refuses a name that is a path", () => {
    const folder = outputFolder();
    assert.throws(() => table([{ a: 1 }], { name: "../t" }), /no plain file name/);
    assert.ok(!existsSync(join(folder, "tables")));
  });
});

describe("frame", () => {
  it("keeps numbers exact and missing cells missing, and is shown by our own renderer", async () => {
    const made = frame([
      { model: "<b>", x: 0.1, y: null },
      { model: null, x: Number.NaN, y: 2 },
    ]);
    assert.deepEqual(made.values, [
      ["<b>", 0.1, Number.NaN],
      ["", Number.NaN, 2],
    ]);
    const { shown } = await inCell(() => table(made));
    assert.equal(shown[0]!.data["text/plain"], "model    x  y\n<b>    0.1  –\n–        –  2");
    assert.ok((shown[0]!.data["text/html"] as string).includes("&lt;b&gt;"));
  });
  it("refuses no rows", () => assert.throws(() => frame([]), /there are no rows/));
});

describe("say", () => {
  it("weaves numbers into Markdown, and what is filled in is never markup", async () => {
    const { shown } = await inCell(() => say`**${2}** models: ${"<b>_x_"}, ${1 / 3}, ${-0.5}, ${Number.NaN}`);
    assert.equal(shown[0]!.data["text/markdown"], "**2** models: &lt;b&gt;\\_x\\_, 0.3333, −0.5, –");
    assert.equal(shown[0]!.data["text/plain"], "**2** models: <b>_x_, 0.3333, −0.5, –");
  });
});

describe("checks", () => {
  it("leave a line in a notebook, and nothing outside", async () => {
    const run = (): void => {
      matchesPublished(0.66654, "0.667", "Anscombe 1973");
      close(1, 1 + 1e-9, 1e-8, "the sum");
      check(true, "all is well");
    };
    const { printed } = await inCell(run);
    assert.deepEqual(printed, ["✓ 0.667 = published 0.667 (Anscombe 1973)", "✓ the sum 1 = 1 ± 1e-8", "✓ all is well"]);
    run();
  });
  it("matchesPublished allows half a unit of the last printed digit, no more", () => {
    for (const [value, printed] of [
      [0.6665, "0.667"],
      [0.66749, "0.667"],
      [-2.64, "−2.6"],
      [14.05, "14.1 %"],
      [1234.4, "1,234"],
      [49.6, "50%"],
      [0.5, "+0.50"],
    ] as const)
      matchesPublished(value, printed, "here");
    for (const [value, printed] of [
      [0.6664, "0.667"],
      [0.6676, "0.667"],
      [2.6, "-2.6"],
      [0.61, "0.60"],
      [Number.NaN, "0.6"],
      [Infinity, "1"],
    ] as const) {
      assert.throws(() => matchesPublished(value, printed, "Table 4"), /published is .*Table 4/, `${value} ${printed}`);
    }
    assert.throws(() => matchesPublished(1, "about 1", "here"), /not a printed number/);
  });
  it("close and check throw with what they were about; NaN is close to nothing", () => {
    assert.throws(() => close(1, 1.1, 0.05, "the mean"), /the mean is 1, expected 1\.1 ± 0\.05/);
    for (const [a, b, tolerance] of [
      [Number.NaN, 1, 1],
      [1, Number.NaN, 1],
      [1, 1.5, Number.NaN],
    ] as const)
      assert.throws(() => close(a, b, tolerance));
    assert.throws(() => check(1 > 2, "one is more than two"), /not true: one is more than two/);
  });
});
