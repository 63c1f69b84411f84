import { fontFamily, palette, sizes } from "./style.ts";
import { capitalised, plain, wrap } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** What a figure function hands over to be framed. */
export interface Content {
  readonly traces: readonly PlotlyObject[];
  /** axes and whatever else is special to the figure */
  readonly layout: PlotlyObject;
  /** height in pixels of the area between the axes */
  readonly plotHeight: number;
  /** room in pixels around that area for tick labels and axis titles */
  readonly room: { readonly left: number; readonly right: number; readonly top?: number; readonly bottom: number };
  /** annotations, shapes: in the figure's own coordinates */
  readonly annotations?: readonly PlotlyObject[];
  readonly shapes?: readonly PlotlyObject[];
  /** how to read the signs in it, printed under the figure before scale and source */
  readonly key?: string;
  readonly title: string;
  readonly caption: string;
  readonly alt: string;
  readonly numbers: Figure["numbers"];
}

const lineHeight = 17;

/** Put a title above and a line with scale and source under a figure, in the one look that all figures share. */
export function framed(content: Content, options: FigureOptions): Figure {
  const { scale = "published", source } = options;
  const { width, small, title: titleSize, edge } = sizes;
  const title = wrap(titleOf(content, options), width - 2 * edge, titleSize * 1.08) /* bold is wider */;
  const foot = [
    ...(content.key ? wrap(content.key, width - 2 * edge, small) : []),
    ...wrap(`${scale} · ${source}`, width - 2 * edge, small),
  ];
  const { left, right, top = 0, bottom } = content.room;
  const margin = { l: left, r: right, t: edge + title.length * 22 + 14 + top, b: bottom + foot.length * lineHeight + edge, pad: 0 };
  const height = margin.t + content.plotHeight + margin.b;
  const layout = {
    width,
    height,
    margin,
    autosize: false,
    paper_bgcolor: "white",
    plot_bgcolor: "white",
    font: { family: fontFamily, size: sizes.text, color: palette.ink },
    title: {
      text: `<b>${title.map(plain).join("<br>")}</b>`,
      font: { size: titleSize },
      xref: "container",
      x: edge / width,
      xanchor: "left",
      yref: "container",
      y: 1 - edge / height,
      yanchor: "top",
    },
    showlegend: false,
    hovermode: "closest",
    ...content.layout,
    shapes: content.shapes ?? [],
    annotations: [...(content.annotations ?? []), footnote(foot, margin)],
  };
  return {
    data: content.traces,
    layout,
    alt: options.alt ?? content.alt,
    caption: options.caption ?? content.caption,
    scale,
    source,
    numbers: content.numbers,
  };
}

/** A figure of the invented world says so in its title, too, where it is seen first and cannot be cut off. */
function titleOf({ title }: Content, { title: given, scale }: FigureOptions): string {
  const text = given ?? capitalised(title);
  return scale === "vitro" && !/vitro/i.test(text) ? `In vitro: ${given ?? title}` : text;
}

function footnote(lines: readonly string[], margin: { l: number; b: number }): PlotlyObject {
  return {
    text: lines.map(plain).join("<br>"),
    xref: "paper",
    x: 0,
    xanchor: "left",
    xshift: sizes.edge - margin.l,
    yref: "paper",
    y: 0,
    yanchor: "bottom",
    yshift: sizes.edge / 2 - margin.b,
    align: "left",
    showarrow: false,
    font: { size: sizes.small, color: palette.grey },
  };
}

/** An axis with numbers: light lines, no frame, a title with its unit. */
export function numberAxis(title: string, more: PlotlyObject = {}): PlotlyObject {
  return {
    title: { text: plain(title), font: { size: sizes.text }, standoff: 8 },
    gridcolor: palette.hairline,
    zeroline: false,
    linecolor: palette.pale,
    tickfont: { size: sizes.small },
    ticks: "outside",
    ticklen: 4,
    tickcolor: palette.pale,
    ...more,
  };
}

/** An axis with names at 0, 1, 2 …, the first on top when it is a vertical one. `html` texts are shown as given. */
export function nameAxis(names: readonly string[], more: PlotlyObject & { readonly html?: boolean } = {}): PlotlyObject {
  const { html = false, ...rest } = more;
  return {
    tickvals: names.map((_, i) => i),
    ticktext: html ? names : names.map(plain),
    range: [names.length - 0.5, -0.5],
    showgrid: false,
    zeroline: false,
    ticks: "outside", // unseen, to keep the names off the plot
    ticklen: 4,
    tickcolor: "rgba(0,0,0,0)",
    tickfont: { size: sizes.small },
    ...rest,
  };
}

/** A dashed line over the whole height of a panel. */
export function verticalLine(x: number, xref = "x"): PlotlyObject {
  return { type: "line", x0: x, x1: x, xref, yref: "paper", y0: 0, y1: 1, line: { color: palette.grey, width: 1, dash: "dash" } };
}

/** A text at a place of the figure, without arrow: centred there unless the place says otherwise. */
export function note(text: string, place: PlotlyObject): PlotlyObject {
  return { text, showarrow: false, font: { size: sizes.small, color: palette.ink }, xanchor: "center", yanchor: "middle", ...place };
}

/** A name beside a point: on a pale ground, so that lines under it do not strike it out. */
export function pointName(text: string, place: PlotlyObject): PlotlyObject {
  return note(plain(text), { bgcolor: "rgba(255,255,255,0.75)", borderpad: 0, ...place });
}
