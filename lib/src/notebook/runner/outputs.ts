import type { CellError } from "../kernel/session.ts";
import type { Output } from "./ipynb.ts";
import type { Reply } from "./messages.ts";

type Shown = Extract<Output, { data: unknown }>;

/** Collects what the cells of one notebook show, in the form that Jupyter's own tools store. */
export class OutputCollector {
  private outputs: Output[] = [];
  private readonly displays = new Map<string, Shown>();

  /** Begin a new cell. */
  begin(): void {
    this.outputs = [];
  }

  add(reply: Extract<Reply, { say: "stream" | "display" }>): void {
    if (reply.say === "stream") this.addText(reply.name, reply.text);
    else this.addDisplay(reply);
  }

  /** The outputs of the cell, with its error where it failed. */
  finish(error?: CellError): Output[] {
    const outputs = this.outputs.map((output) =>
      output.output_type === "stream" ? { ...output, text: lines(output.text as string) } : output,
    );
    if (error) outputs.push({ output_type: "error", ename: error.ename, evalue: error.evalue, traceback: error.traceback });
    return outputs;
  }

  private addText(name: "stdout" | "stderr", text: string): void {
    const last = this.outputs.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text += text;
    else this.outputs.push({ output_type: "stream", name, text });
  }

  private addDisplay({ data, metadata, id, update }: Extract<Reply, { say: "display" }>): void {
    const shown = { data: linesInBundle(data), metadata };
    const known = id === undefined ? undefined : this.displays.get(id);
    if (update && known) Object.assign(known, shown); // also where an earlier cell showed it
    if (update) return;
    const output: Shown = { output_type: "display_data", ...shown };
    if (id !== undefined) this.displays.set(id, output);
    this.outputs.push(output);
  }
}

/** Text types are stored line by line, everything else as it is (nbformat, `v4/rwbase.py`). */
function linesInBundle(data: Record<string, unknown>): Record<string, unknown> {
  const isText = (type: string): boolean => type.startsWith("text/") || type === "image/svg+xml" || type === "application/javascript";
  return Object.fromEntries(
    Object.entries(data).map(([type, content]) => [type, typeof content === "string" && isText(type) ? lines(content) : content]),
  );
}

/** A text cut where Python's `splitlines(keepends=True)` cuts it: at more characters than the usual two. */
function lines(text: string): string[] {
  const cuts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const cut = pythonLineEnds.includes(text[i]!) && !(text[i] === "\r" && text[i + 1] === "\n");
    if (!cut) continue;
    cuts.push(text.slice(start, i + 1));
    start = i + 1;
  }
  return start < text.length ? [...cuts, text.slice(start)] : cuts;
}

const pythonLineEnds = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029";
