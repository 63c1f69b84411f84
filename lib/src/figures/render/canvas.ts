import { fontMetrics } from "./fonts.ts";
import { encodePng } from "./png.ts";

/** The part of a canvas element that its context needs. */
interface CanvasElement {
  readonly width: number;
  readonly height: number;
}

interface ImageData {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** As much of a 2-D canvas as Plotly's heat maps and contours use: filled rectangles and pixels. Other drawing does nothing. */
export class RasterContext {
  fillStyle = "#000";
  font = "10px sans-serif";
  readonly canvas: CanvasElement;
  #pixels = new Uint8ClampedArray(0);

  constructor(canvas: CanvasElement) {
    this.canvas = canvas;
  }

  /** The canvas' pixels; blank again after its size has changed. */
  #raster(): Uint8ClampedArray {
    const size = this.canvas.width * this.canvas.height * 4;
    if (this.#pixels.length !== size) this.#pixels = new Uint8ClampedArray(size);
    return this.#pixels;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#fill(x, y, width, height, parseColor(this.fillStyle));
  }

  clearRect(x: number, y: number, width: number, height: number): void {
    this.#fill(x, y, width, height, [0, 0, 0, 0]);
  }

  #fill(x: number, y: number, width: number, height: number, color: readonly number[]): void {
    const [pixels, columns, rows] = [this.#raster(), this.canvas.width, this.canvas.height];
    const clamp = (value: number, most: number): number => Math.min(Math.max(Math.round(value), 0), most);
    const [left, right] = [clamp(Math.min(x, x + width), columns), clamp(Math.max(x, x + width), columns)];
    const [top, bottom] = [clamp(Math.min(y, y + height), rows), clamp(Math.max(y, y + height), rows)];
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) pixels.set(color, 4 * (row * columns + column));
    }
  }

  createImageData(width: number, height: number): ImageData {
    return { width, height, data: new Uint8ClampedArray(width * height * 4) };
  }

  getImageData(x: number, y: number, width: number, height: number): ImageData {
    const image = this.createImageData(width, height);
    const [pixels, columns] = [this.#raster(), this.canvas.width];
    for (let row = 0; row < height; row++) {
      const from = 4 * ((y + row) * columns + x);
      image.data.set(pixels.subarray(from, from + 4 * width), 4 * row * width);
    }
    return image;
  }

  putImageData(image: ImageData, x: number, y: number): void {
    const [pixels, columns] = [this.#raster(), this.canvas.width];
    const width = Math.min(image.width, columns - x);
    for (let row = 0; row < Math.min(image.height, this.canvas.height - y); row++) {
      const from = 4 * row * image.width;
      pixels.set(image.data.subarray(from, from + 4 * width), 4 * ((y + row) * columns + x));
    }
  }

  measureText(text: string): { width: number } {
    const size = Number(/([\d.]+)px/.exec(this.font)?.[1] ?? 10);
    return { width: fontMetrics("regular").width(text) * size };
  }

  toDataUrl(): string {
    const { width, height } = this.canvas;
    return `data:image/png;base64,${encodePng(width, height, this.#raster()).toString("base64")}`;
  }
}

const silentMethods = [
  "save",
  "restore",
  "beginPath",
  "closePath",
  "moveTo",
  "lineTo",
  "stroke",
  "fill",
  "translate",
  "scale",
  "rotate",
  "setTransform",
  "arc",
  "rect",
  "clip",
  "drawImage",
  "fillText",
  "strokeText",
];
for (const name of silentMethods) Object.defineProperty(RasterContext.prototype, name, { value: () => undefined });

/** Red, green, blue, alpha, 0 to 255, of the colour forms that Plotly writes. */
function parseColor(text: string): [number, number, number, number] {
  const hex = /^#([0-9a-f]{6})$/i.exec(text.trim());
  if (hex) {
    const value = Number.parseInt(hex[1]!, 16);
    return [value >> 16, (value >> 8) & 255, value & 255, 255];
  }
  const list = /^rgba?\(([^)]+)\)/.exec(text.trim())?.[1]?.split(",").map(Number);
  if (list) return [list[0]!, list[1]!, list[2]!, Math.round((list[3] ?? 1) * 255)];
  return text.trim() === "white" ? [255, 255, 255, 255] : text.trim() === "transparent" ? [0, 0, 0, 0] : [0, 0, 0, 255];
}
