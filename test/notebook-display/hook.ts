import { createRequire } from "node:module";

type Message = { data: Record<string, unknown>; metadata: Record<string, unknown> };
const jupyter = createRequire(import.meta.url)("tslab/dist/jupyter.js") as { lastWriteDisplayData: unknown };

/** Run something as if in a notebook: what it displays, and what it prints. */
export async function inCell(run: () => unknown): Promise<{ shown: Message[]; printed: string[] }> {
  const [shown, printed]: [Message[], string[]] = [[], []];
  const log = console.log;
  console.log = (...values) => void printed.push(values.join(" "));
  jupyter.lastWriteDisplayData = (message: Message) => void shown.push(message);
  try {
    await run();
  } finally {
    jupyter.lastWriteDisplayData = null;
    console.log = log;
  }
  return { shown, printed };
}
