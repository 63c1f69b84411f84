import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decimal, formatCsv, numberCell, numberOrMissing, parseCsv } from "basewise/files";

describe("parseCsv", () => {
  it("reads quoted commas, doubled quotes and line breaks, and knows the line of each row", () => {
    const file = parseCsv('name,note\na,"x, ""y""\nz"\nb,\n', "t.csv");
    assert.deepEqual(
      file.rows.map((row) => row.cells),
      [
        { name: "a", note: 'x, "y"\nz' },
        { name: "b", note: "" },
      ],
    );
    assert.deepEqual(
      file.rows.map((row) => row.line),
      [2, 4],
    );
  });
  it("names the file and what is missing", () => {
    assert.throws(() => parseCsv("", "t.csv"), /^Error: t\.csv: the file is empty/);
    assert.throws(() => parseCsv("a,b\n", "t.csv"), /t\.csv: there is a header but no row/);
    assert.throws(() => parseCsv("a,b\n1,2\n", "t.csv", ["c"]), /t\.csv: column "c" is missing \(found: a, b\)/);
    assert.throws(() => parseCsv("a,a\n1,2\n", "t.csv"), /column "a" is there twice/);
    assert.throws(() => parseCsv("a,b\n1,2\n3\n", "t.csv"), /t\.csv, line 3: 1 cells where the header has 2/);
    assert.throws(() => parseCsv('a,b\n1,"2\n', "t.csv"), /^Error: t\.csv, line 2: a quote is opened and never closed; close it$/);
    assert.throws(() => parseCsv('a,b\n1,2\nx"y,2\n', "t.csv"), /^Error: t\.csv, line 3: a quote stands within a cell; [^\n]*$/);
    assert.throws(() => parseCsv("a;b\n1;2\n", "t.csv", ["a"]), /found: a;b\); separate the cells by commas, not by semicolons/);
    assert.throws(() => parseCsv("a\tb\n1\t2\n", "t.csv", ["a"]), /by commas, not by tabs/);
  });
  it("says little and nothing unprintable of a file that is no CSV", () => {
    const message = (text: string): string => {
      try {
        parseCsv(text, "t.csv", ["model"]);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    for (const text of [
      "x".repeat(2_000_000),
      `a,b\n1,${"x".repeat(2_000_000)}\n`,
      '\u001b[31m\u0000"\n',
      "\u202e\u001b[2J,b\n1,2\n",
      `${"x,".repeat(5000)}\n1`,
    ]) {
      assert.match(message(text), /^t\.csv[,:] [^\p{Cc}\p{Bidi_Control}]{10,500}$/u);
    }
  });
});

describe("cells", () => {
  const file = parseCsv("model,score\na,12.5\nb,\nc,n/a\nd,NaN\n", "t.csv");
  it("keeps a missing number missing", () => {
    assert.equal(numberOrMissing(file, file.rows[1]!, "score"), null);
    assert.equal(numberCell(file, file.rows[0]!, "score"), 12.5);
  });
  it("reads decimal digits only", () => {
    for (const text of ["0x10", "0b1", "1_000", "Infinity", "1e999", "1,5", "5 %", "−5", "."]) assert.equal(decimal(text), null, text);
    assert.deepEqual(["12", "-0.5", "+1.", ".5", "1E-3", "00"].map(decimal), [12, -0.5, 1, 0.5, 0.001, 0]);
  });
  it("refuses text and NaN with file, line and column", () => {
    assert.throws(() => numberCell(file, file.rows[2]!, "score"), /t\.csv, line 4, column "score": has "n\/a" where a number belongs/);
    assert.throws(() => numberCell(file, file.rows[3]!, "score"), /line 5.*"NaN"/);
    assert.throws(() => numberCell(file, file.rows[1]!, "score"), /line 3, column "score": is empty/);
  });
});

describe("formatCsv", () => {
  it("comes back as it was", () => {
    const rows = [
      { a: 'x,"y"', b: 0.1 + 0.2 },
      { a: "line\nbreak", b: -1e-17 },
    ];
    const file = parseCsv(formatCsv(rows), "t.csv");
    assert.deepEqual(
      file.rows.map((row) => ({ a: row.cells["a"], b: Number(row.cells["b"]) })),
      rows,
    );
  });
  it("writes missing values as empty cells", () => {
    assert.equal(formatCsv([{ a: null, b: Number.NaN, c: 0 }]), "a,b,c\n,,0\n");
  });
});
