import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import { RasterContext } from "./canvas.ts";
import type { SvgElement } from "./element.ts";
import { flattenPath, pathLength, pointAlong } from "./path.ts";
import { elementBox, toRectangle, transformToPage } from "./svg-box.ts";
import { textWidth } from "./text-box.ts";

const require = createRequire(import.meta.url);

/** What we use of Plotly. */
interface Plotly {
  toImage(figure: { data: unknown; layout: unknown }, options: Readonly<Record<string, unknown>>): Promise<string>;
}

/** A window without a screen in which Plotly is loaded. */
export interface PlotlyWindow {
  readonly plotly: Plotly;
  /** the window's own JSON: Plotly only takes objects and arrays of its own realm for such */
  readonly parse: (json: string) => unknown;
  /** replaces Math.random, from which Plotly makes the ids in its SVG */
  setRandom(random: () => number): void;
}

let opened: PlotlyWindow | undefined;

/** Open the window on first use (about a second); later calls return the same one. Nothing of this process' globals is touched. */
export function plotlyWindow(): PlotlyWindow {
  opened ??= openWindow();
  return opened;
}

function openWindow(): PlotlyWindow {
  const { JSDOM } = require("jsdom") as { JSDOM: new (html: string, options: object) => Dom };
  const dom = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true, runScripts: "outside-only" });
  const { window } = dom;
  addLayout(window);
  addCanvas(window);
  addWindowFunctions(window);
  const path = require.resolve("plotly.js");
  new Script(readFileSync(path, "utf8"), { filename: "plotly.js" }).runInContext(dom.getInternalVMContext());
  return {
    plotly: window["Plotly"],
    parse: (json) => window["JSON"].parse(json),
    setRandom: (random) => {
      window["Math"].random = random;
    },
  };
}

// jsdom's window is untyped on purpose: we add to it what jsdom leaves out.
// biome-ignore lint/suspicious/noExplicitAny: see above
type JsdomWindow = Record<string, any>;

interface Dom {
  readonly window: JsdomWindow;
  getInternalVMContext(): import("node:vm").Context;
}

/** jsdom draws nothing, so nothing has a size; give SVG elements the boxes and lengths that a browser would. */
function addLayout(window: JsdomWindow): void {
  const page = window["Element"].prototype;
  const svg = window["SVGElement"].prototype;
  const pageBox = page.getBoundingClientRect;
  page.getBoundingClientRect = function (this: SvgElement) {
    return this instanceof window["SVGElement"] ? toRectangle(elementBox(this, transformToPage(this))) : pageBox.call(this);
  };
  svg.getBBox = function (this: SvgElement) {
    return toRectangle(elementBox(this));
  };
  svg.getComputedTextLength = function (this: SvgElement) {
    return textWidth(this);
  };
  svg.getTotalLength = function (this: SvgElement) {
    return pathLength(flattenPath(this.getAttribute("d") ?? ""));
  };
  svg.getPointAtLength = function (this: SvgElement, length: number) {
    return pointAlong(flattenPath(this.getAttribute("d") ?? ""), length);
  };
}

function addCanvas(window: JsdomWindow): void {
  const canvas = window["HTMLCanvasElement"].prototype;
  const contexts = new WeakMap<object, RasterContext>();
  const contextOf = (element: { width: number; height: number }): RasterContext => {
    const context = contexts.get(element) ?? new RasterContext(element);
    contexts.set(element, context);
    return context;
  };
  canvas.getContext = function (this: HTMLCanvas, kind: string) {
    return kind === "2d" ? contextOf(this) : null;
  };
  canvas.toDataURL = function (this: HTMLCanvas) {
    return contextOf(this).toDataUrl();
  };
}

interface HTMLCanvas {
  width: number;
  height: number;
}

function addWindowFunctions(window: JsdomWindow): void {
  for (const name of ["TextDecoder", "TextEncoder", "performance", "structuredClone", "queueMicrotask", "AbortController"]) {
    if (!(name in window)) window[name] = (globalThis as JsdomWindow)[name];
  }
  // Without image-rendering: pixelated Plotly draws heat maps at full size, which SVG renderers then do not blur.
  window["CSS"] = { supports: () => false };
  window["URL"].createObjectURL ??= () => "blob:none";
  window["matchMedia"] ??= () => ({ matches: false, addListener: () => undefined, removeListener: () => undefined });
}
