import type { TensorFunction } from "./trace.ts";

/**
 * What was made for each function and key; when there is too much of it, the one that has not been used for longest goes.
 *
 * @param release  frees one
 * @param most     how many are kept, and how many bytes they may take together; the newest is always kept
 */
export class GraphCache<T extends { readonly bytes: number }> {
  private readonly numbers = new WeakMap<TensorFunction, number>();
  /** the one used last comes last */
  private readonly entries = new Map<string, T>();
  private readonly release: (entry: T) => void;
  private readonly most: { readonly count: number; readonly bytes: number };
  private count = 0;

  constructor(release: (entry: T) => void, most: { readonly count: number; readonly bytes: number }) {
    this.release = release;
    this.most = most;
  }

  get(fn: TensorFunction, key: string): T | undefined {
    const own = this.keyOf(fn, key);
    const found = this.entries.get(own);
    if (found === undefined) return undefined;
    this.entries.delete(own);
    this.entries.set(own, found);
    return found;
  }

  add(fn: TensorFunction, key: string, entry: T): void {
    this.entries.set(this.keyOf(fn, key), entry);
    let bytes = [...this.entries.values()].reduce((sum, own) => sum + own.bytes, 0);
    for (const [own, old] of this.entries) {
      if (old === entry || (this.entries.size <= this.most.count && bytes <= this.most.bytes)) return;
      this.entries.delete(own);
      this.release(old);
      bytes -= old.bytes;
    }
  }

  private keyOf(fn: TensorFunction, key: string): string {
    let number = this.numbers.get(fn);
    if (number === undefined) {
      this.count += 1;
      number = this.count;
      this.numbers.set(fn, number);
    }
    return `${number}:${key}`;
  }
}
