/** One file that was read or written, as the runner needs it to decide what to skip next time. */
export interface FileAccess {
  kind: "read" | "write";
  /** absolute path */
  path: string;
}

type Listener = (access: FileAccess) => void;

const listeners = new Set<Listener>();

/** Be told of every file that lib reads or writes from now on. Returns a function that ends it. */
export function onFileAccess(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tell the listeners. Called by every reader and writer of this folder. */
export function recordAccess(kind: FileAccess["kind"], path: string): void {
  for (const listener of listeners) listener({ kind, path });
}
