/** Colours that people with any colour vision tell apart: Okabe and Ito 2008 (jfly.uni-koeln.de/color), yellow darkened, and greys. */
export const palette = {
  blue: "#0072B2",
  vermillion: "#D55E00",
  green: "#009E73",
  purple: "#CC79A7",
  orange: "#E69F00",
  sky: "#56B4E9",
  wine: "#882255",
  olive: "#8C7B00",
  indigo: "#332288",
  teal: "#44AA99",
  ink: "#222222",
  grey: "#767676",
  pale: "#C8C8C8",
  hairline: "#E6E6E6",
  red: "#C0242B",
} as const;

/** Pixels: figures are as wide as a notebook's column, and their smallest text can still be read there. */
export const sizes = { width: 700, text: 13, small: 12, title: 16, row: 18, edge: 12 } as const;

export const fontFamily = "Open Sans, Arial, sans-serif";

/** How a family of base models is drawn everywhere: colour and, for those who do not see it, the shape of its points. */
export interface FamilyStyle {
  readonly color: string;
  readonly symbol: string;
}

const families: readonly (readonly [RegExp, FamilyStyle])[] = [
  [/minitron/i, { color: palette.teal, symbol: "star-triangle-up" }],
  [/nemotron/i, { color: palette.indigo, symbol: "triangle-left" }],
  [/llama|tulu|hermes/i, { color: palette.blue, symbol: "circle" }],
  [/qwen/i, { color: palette.vermillion, symbol: "square" }],
  [/gemma/i, { color: palette.green, symbol: "diamond" }],
  [/phi/i, { color: palette.purple, symbol: "triangle-up" }],
  [/mistral/i, { color: palette.orange, symbol: "triangle-down" }],
  [/falcon/i, { color: palette.sky, symbol: "cross" }],
  [/\byi\b/i, { color: palette.wine, symbol: "x" }],
  [/stablelm/i, { color: palette.olive, symbol: "star" }],
  [/^atlas/, { color: palette.blue, symbol: "circle" }], // the families of vitro
  [/^forge/, { color: palette.vermillion, symbol: "square" }],
  [/^folio/, { color: palette.green, symbol: "diamond" }],
];

/** The style of a family by its name ("Llama-3.x", "Qwen", …); grey circles for families that the paper does not have. */
export function familyStyle(family: string | null | undefined): FamilyStyle {
  return families.find(([pattern]) => pattern.test(family ?? ""))?.[1] ?? { color: palette.grey, symbol: "circle-open" };
}

/** Colours for lines that belong to no family, in this order, and how they are dashed: twenty that differ. */
export function lineStyle(index: number): { color: string; dash: string } {
  const { blue, vermillion, green, purple, orange, sky, wine, olive, indigo, teal } = palette;
  const colors = [blue, vermillion, green, purple, orange, sky, wine, olive, indigo, teal];
  const dashes = ["solid", "dot"];
  return { color: colors[index % colors.length]!, dash: dashes[Math.floor(index / colors.length) % dashes.length]! };
}

/** The colour for words about a line or a point of this colour: darker where the colour is too light to read on white. */
export function wordColor(color: string): string {
  const darker: Record<string, string> = {
    [palette.sky]: "#1F6F9F",
    [palette.orange]: "#946400",
    [palette.purple]: "#9B4A78",
    [palette.teal]: "#2B7A6F",
    [palette.green]: "#00795A",
  };
  return darker[color] ?? color;
}

/** From −1 (orange) over 0 (white) to 1 (blue), light enough for dark numbers everywhere. */
export const divergingColors: readonly (readonly [number, string])[] = [
  [0, "#E58B3A"],
  [0.25, "#F5CDA6"],
  [0.5, "#FFFFFF"],
  [0.75, "#B3D6EC"],
  [1, "#5BA8D8"],
];
