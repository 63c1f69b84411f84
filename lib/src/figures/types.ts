import type { Cell } from "../files/index.ts";

/** Where the numbers of a figure come from: printed or public ones, the small synthetic world, runs on real models, or an invented example. */
export type FigureScale = "published" | "vitro" | "real" | "made up";

/** A finished figure: what Plotly draws, and all that a reader needs who cannot see it. */
export interface Figure {
  /** Plotly traces */
  readonly data: readonly PlotlyObject[];
  /** Plotly layout; width and height in pixels are always set */
  readonly layout: PlotlyObject & { readonly width: number; readonly height: number };
  /** what the picture shows, in sentences, for someone who cannot see it */
  readonly alt: string;
  /** how to read it: what is drawn, how it was computed */
  readonly caption: string;
  readonly scale: FigureScale;
  /** the data, e.g. "Tables 4 and 5 of arXiv 2505.10775" */
  readonly source: string;
  /** the numbers drawn, full precision: the CSV beside the picture */
  readonly numbers: readonly Readonly<Record<string, Cell>>[];
}

/** A piece of Plotly's JSON: a trace, an axis, a layout. */
export interface PlotlyObject {
  readonly [key: string]: unknown;
}

/** What every figure function takes besides its rows. Left out: the function's own title, caption and alt text. */
export interface FigureOptions {
  /** where the data come from; printed under the figure */
  readonly source: string;
  /** default "published" */
  readonly scale?: FigureScale;
  readonly title?: string;
  readonly caption?: string;
  readonly alt?: string;
}
