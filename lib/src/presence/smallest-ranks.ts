/** The n smallest of any number of ranks, each once, with a number that belongs to it. Memory holds at most 5/4 n of them (and 1,000 more). */
export class SmallestRanks {
  private readonly found = new Map<string, number>();
  /** what is not below it is not among the n smallest */
  private limit = "~"; // above every digit and letter
  private readonly n: number;

  constructor(n: number) {
    this.n = n;
  }

  /** Whether a rank may belong to the n smallest, and is not there yet. */
  wants(rank: string): boolean {
    return rank < this.limit && !this.found.has(rank);
  }

  add(rank: string, value: number): void {
    if (!this.wants(rank)) return;
    this.found.set(rank, value);
    if (this.found.size >= 1.25 * this.n + 1000) this.drop();
  }

  /** The smallest, in their order. */
  sorted(): [rank: string, value: number][] {
    this.drop();
    return [...this.found].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private drop(): void {
    if (this.found.size <= this.n) return;
    const ranks = [...this.found.keys()].sort();
    for (const rank of ranks.slice(this.n)) this.found.delete(rank);
    this.limit = ranks[this.n]!;
  }
}
