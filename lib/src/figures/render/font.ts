import { readFileSync } from "node:fs";

/** What laying out text needs to know of a font, in units of the font size. */
export interface FontMetrics {
  readonly ascent: number;
  readonly descent: number;
  /** width of a line of text, without kerning */
  width(text: string): number;
}

/**
 * Read the metrics of a TrueType file: the `head`, `hhea`, `hmtx` tables and the Basic Multilingual Plane's `cmap` (format 4).
 * Format: OpenType specification, learn.microsoft.com/typography/opentype/spec.
 */
export function readFontMetrics(path: string): FontMetrics {
  const bytes = readFileSync(path);
  const tables = tableOffsets(bytes);
  const table = (tag: string): number => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new Error(`${path}: the font has no ${tag} table; a TrueType font is needed`);
    return offset;
  };
  const unitsPerEm = bytes.readUInt16BE(table("head") + 18);
  const hhea = table("hhea");
  const metricCount = bytes.readUInt16BE(hhea + 34);
  const glyphOf = characterMap(bytes, table("cmap"));
  const advances = new Map<number, number>();
  const advance = (character: number): number => {
    let known = advances.get(character);
    if (known === undefined) {
      const glyph = Math.min(glyphOf(character), metricCount - 1);
      known = bytes.readUInt16BE(table("hmtx") + 4 * glyph) / unitsPerEm;
      advances.set(character, known);
    }
    return known;
  };
  return {
    ascent: bytes.readInt16BE(hhea + 4) / unitsPerEm,
    descent: -bytes.readInt16BE(hhea + 6) / unitsPerEm,
    width: (text) => [...text].reduce((sum, character) => sum + advance(character.codePointAt(0)!), 0),
  };
}

function tableOffsets(bytes: Buffer): Map<string, number> {
  const offsets = new Map<string, number>();
  for (let i = 0; i < bytes.readUInt16BE(4); i++) {
    const record = 12 + 16 * i;
    offsets.set(bytes.toString("latin1", record, record + 4), bytes.readUInt32BE(record + 8));
  }
  return offsets;
}

/** From a character's code to its glyph; 0, the font's box for unknown characters, where it has none. */
function characterMap(bytes: Buffer, cmap: number): (character: number) => number {
  const start = unicodeSubtable(bytes, cmap);
  const segments = bytes.readUInt16BE(start + 6) / 2;
  const ends = start + 14;
  const starts = ends + 2 * segments + 2;
  const deltas = starts + 2 * segments;
  const ranges = deltas + 2 * segments;
  return (character) => {
    for (let i = 0; character <= 0xffff && i < segments; i++) {
      if (bytes.readUInt16BE(ends + 2 * i) < character) continue;
      const first = bytes.readUInt16BE(starts + 2 * i);
      if (first > character) return 0;
      const delta = bytes.readUInt16BE(deltas + 2 * i);
      const rangeAt = ranges + 2 * i;
      const range = bytes.readUInt16BE(rangeAt);
      if (range === 0) return (character + delta) & 0xffff;
      const glyph = bytes.readUInt16BE(rangeAt + range + 2 * (character - first));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

/** Offset of the format 4 subtable for Unicode. */
function unicodeSubtable(bytes: Buffer, cmap: number): number {
  for (let i = 0; i < bytes.readUInt16BE(cmap + 2); i++) {
    const record = cmap + 4 + 8 * i;
    const platform = bytes.readUInt16BE(record);
    const isUnicode = platform === 0 || (platform === 3 && bytes.readUInt16BE(record + 2) === 1);
    const subtable = cmap + bytes.readUInt32BE(record + 4);
    if (isUnicode && bytes.readUInt16BE(subtable) === 4) return subtable;
  }
  throw new Error("readFontMetrics: the font maps no Unicode characters (cmap format 4)");
}
