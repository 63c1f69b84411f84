import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { barFigure, distanceFigure, type Figure, renderPng, renderSvg } from "basewise/figures";
import { cases } from "./cases.ts";

const plainFigure = (data: Figure["data"], layout: object = {}): Figure => ({
  data,
  layout: { width: 300, height: 200, ...layout },
  alt: "alt",
  caption: "caption",
  scale: "published",
  source: "test",
  numbers: [],
});

/** The texts of an SVG as a reader sees them. */
function textsOf(svg: string): string[] {
  const decode = (text: string): string =>
    text.replaceAll("&#60;", "<").replaceAll("&#62;", ">").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map((match) => decode(match[1]!));
}

describe("renderSvg", () => {
  it("draws the same bytes twice, alone and between others", async () => {
    const alone = await renderSvg(cases["correlations"]!());
    const [again, other] = await Promise.all([renderSvg(cases["correlations"]!()), renderSvg(cases["bars"]!())]);
    assert.equal(again, alone);
    assert.notEqual(other, alone);
  });
  it("draws the same bytes in another process", async () => {
    const script = `import { renderSvg, barFigure } from "basewise/figures"; process.stdout.write(await renderSvg(barFigure([{ label: "a", value: 1 }], { source: "s", xTitle: "x" })));`;
    const there = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", cwd: import.meta.dirname });
    assert.equal(there, await renderSvg(barFigure([{ label: "a", value: 1 }], { source: "s", xTitle: "x" })));
  });
  it("writes every name of a table of distances above and beside it, the last one too", async () => {
    const names = ["atlas", "forge", "folio", "with-a-long-name"].map((name) => `${name}-s-4m-seed-2`);
    const rows = names.flatMap((a, i) => names.slice(i + 1).map((b) => ({ a, b, distance: 0.1 })));
    const texts = textsOf(await renderSvg(distanceFigure(rows, names, { source: "s" })));
    for (const name of names) assert.equal(texts.filter((text) => text === name).length, 2, name);
  });
  it("writes the labels, the title and the source into the picture", async () => {
    const texts = textsOf(await renderSvg(cases["method-gap"]!())).join("\n");
    for (const word of ["Phi-3.5-mini-instruct", "+18.8", "published · Tables 3, 4 and 5 of arXiv 2505.10775"])
      assert.ok(texts.includes(word), word);
  });
  it("begins with title and description, escaped, for screen readers", async () => {
    const svg = await renderSvg({ ...plainFigure([]), alt: 'a < b & "c"\u0000', caption: "<script>1</script>" });
    assert.match(svg, /^<svg[^>]* role="img"><title>a &lt; b &amp; "c"<\/title><desc>&lt;script&gt;1&lt;\/script&gt;<\/desc>/);
  });
  it("shows markup in names as text: no script, no link, no tag", async () => {
    const names = ["<script>alert(1)</script>", '<a href="javascript:alert(1)">x</a>', "<b>bold</b>", "&lt;", "$E=mc^2$"];
    const svg = await renderSvg(
      barFigure(
        names.map((label, i) => ({ label, value: i })),
        { source: names[0]!, xTitle: names[1]!, title: names[0]! },
      ),
    );
    assert.ok(!/<script|<a[ >]|href=.javascript/.test(svg.replace(/>[^<]*</g, "><"))); // tags and attributes alone
    const texts = textsOf(svg);
    for (const name of names) assert.ok(texts.includes(name), name);
  });
  it("leaves out characters that XML has not, so that a picture can be made", async () => {
    const figure = barFigure([{ label: "a\u001b[31mb\u0000", value: 1 }], { source: "s", xTitle: "x" });
    assert.ok(textsOf(await renderSvg(figure)).includes("a[31mb"));
    assert.deepEqual([...(await renderPng(figure)).slice(0, 4)], [0x89, 0x50, 0x4e, 0x47]); // "\x89PNG"
  });
  it("refuses WebGL by name and says what to use", async () => {
    for (const type of ["scattergl", "scatter3d", "surface", "splom", "parcoords", "scattermap", "choropleth"]) {
      await assert.rejects(renderSvg(plainFigure([{ type: "bar" }, { type }])), new RegExp(`trace 1 has type "${type}".*use `));
    }
  });
  it("goes on after a figure that failed", async () => {
    await assert.rejects(renderSvg(plainFigure([{ type: "scattergl" }])));
    assert.match(
      await renderSvg(
        plainFigure([
          {
            type: "heatmap",
            z: [
              [1, 2],
              [3, 4],
            ],
          },
        ]),
      ),
      /<image[^>]*data:image\/png;base64,/,
    );
  });
});

describe("measuring", () => {
  it("makes room for a long name: Plotly's automatic margin is as wide as the name's glyphs", async () => {
    // 40 "m" of Open Sans Regular, 926/1000 of the size each (from the font's hmtx table): 40 · 0.926 · 10 = 370 px
    const name = "m".repeat(40);
    const svg = await renderSvg(
      plainFigure([{ type: "bar", orientation: "h", y: [name], x: [1] }], {
        width: 700,
        margin: { l: 0 },
        font: { size: 10 },
        yaxis: { automargin: true },
      }),
    );
    const left = Number(/<clipPath class="axesclip" id="[^"]*xy"><rect x="([\d.]+)"/.exec(svg)?.[1]);
    assert.ok(left >= 370 && left < 376, `plot begins at ${left}`);
  });
});

describe("renderPng", () => {
  it("has the figure's size times the scale, and the same bytes twice", async () => {
    const figure = cases["bars"]!();
    const [one, two] = [await renderPng(figure, 2), await renderPng(figure, 2)];
    const view = Buffer.from(one);
    assert.deepEqual([view.readUInt32BE(16), view.readUInt32BE(20)], [2 * figure.layout.width, 2 * figure.layout.height]);
    const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    assert.equal(hash(one), hash(two));
  });
});
