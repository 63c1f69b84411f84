import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type FontMetrics, readFontMetrics } from "./font.ts";

const require = createRequire(import.meta.url);

/** A cut of Open Sans, the font of all figures. */
export type FontCut = "regular" | "bold" | "italic" | "boldItalic";

const files: Record<FontCut, string> = {
  regular: "400Regular/OpenSans_400Regular.ttf",
  bold: "700Bold/OpenSans_700Bold.ttf",
  italic: "400Regular_Italic/OpenSans_400Regular_Italic.ttf",
  boldItalic: "700Bold_Italic/OpenSans_700Bold_Italic.ttf",
};

function openSans(cut: FontCut): string {
  return join(dirname(require.resolve("@expo-google-fonts/open-sans/package.json")), files[cut]);
}

const loaded = new Map<FontCut, FontMetrics>();

/** The metrics of a cut, read on first use. */
export function fontMetrics(cut: FontCut): FontMetrics {
  let metrics = loaded.get(cut);
  if (!metrics) {
    metrics = readFontMetrics(openSans(cut));
    loaded.set(cut, metrics);
  }
  return metrics;
}

/** All font files that pictures may need: Open Sans, and DejaVu Sans for signs that it lacks (arrows, check marks). */
export function fontFiles(): string[] {
  const dejaVu = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf", "DejaVuSans.ttf");
  return [...(Object.keys(files) as FontCut[]).map(openSans), dejaVu];
}
