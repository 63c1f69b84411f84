import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** One output in several forms, by MIME type; a front end shows the richest that it knows. */
export interface Bundle {
  readonly "text/plain": string;
  readonly [mime: string]: unknown;
}

type WriteDisplayData = (message: { data: object; metadata: object; transient: object }, update: boolean) => void;

/**
 * The hook through which tslab sends display data, or null outside a notebook.
 *
 * tslab's public `display` sends one MIME type per output, so bundles go through the hook that the Jupyter kernel sets and the
 * headless runner sets as well. A process that has not loaded tslab is no notebook, and we do not load it to find out.
 */
function displayHook(): WriteDisplayData | null {
  try {
    const loaded = require.cache[require.resolve("tslab/dist/jupyter.js")];
    return (loaded?.exports as { lastWriteDisplayData?: WriteDisplayData | null } | undefined)?.lastWriteDisplayData ?? null;
  } catch {
    return null; // tslab is not installed
  }
}

/** True in a cell of a notebook, under Jupyter or under `basewise run`. */
export function inNotebook(): boolean {
  return displayHook() !== null;
}

/** Show one output; outside a notebook its text goes to standard output. */
export function display(bundle: Bundle, metadata: Readonly<Record<string, unknown>> = {}): void {
  const write = displayHook();
  if (write) write({ data: bundle, metadata, transient: {} }, false);
  else console.log(bundle["text/plain"]);
}
