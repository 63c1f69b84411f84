import { fileURLToPath } from "node:url";

/** Frames of TensorFlow.js, of Node and of this folder, as it was written or built. */
const inner = /@tensorflow|tfjs-\w+[\\/]src[\\/]|node:internal|[\\/](?:src|dist)[\\/]compute[\\/]onnx[\\/]/;

/** Where the traced function calls what is being recorded: "at file:line:column", the innermost frame that is neither TensorFlow.js nor ours. */
export function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const frame = frames.find((line) => !inner.test(line)) ?? "";
  const place = /\(?((?:file:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(frame.trim())?.[1];
  return place === undefined ? "at an unknown place" : `at ${withoutScheme(place)}`;
}

function withoutScheme(place: string): string {
  const [, url, position] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return url?.startsWith("file:") ? fileURLToPath(url) + position : place;
}
