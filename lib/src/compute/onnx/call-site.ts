import { fileURLToPath } from "node:url";

const ownFolder = new URL("./", import.meta.url).href;

/** Where the traced function calls what is being recorded: "at file:line:column", the innermost frame that is neither TensorFlow.js nor ours. */
export function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const frame = frames.find((line) => !isInner(line)) ?? "";
  const place = /\(?((?:file:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(frame.trim())?.[1];
  return place === undefined ? "at an unknown place" : `at ${withoutScheme(place)}`;
}

function isInner(frame: string): boolean {
  return frame.includes("@tensorflow") || frame.includes(ownFolder) || frame.includes(fileURLToPath(ownFolder)) || frame.includes("node:");
}

function withoutScheme(place: string): string {
  const [, url, position] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return url?.startsWith("file:") ? fileURLToPath(url) + position : place;
}
