/** How a batch is padded: so many texts of so many tokens. */
export interface BatchShape {
  readonly rows: number;
  readonly length: number;
}

/** Compiling a function for one more shape takes about as long as computing so many tokens of a small model. */
const compileTokens = 4096;

/**
 * Which shape batches are padded to, so that a compiled function is compiled for few of them and yet little padding is computed.
 *
 * Rows and lengths are rounded up to four steps an octave. A shape is taken into use as soon as it has cost more padding to do
 * without it than it costs to compile it (until then a larger one serves, if there is one): together at most twice what the best choice
 * in hindsight would have cost (the ski rental argument, Karlin et al. 1988, Algorithmica 3, §2).
 */
export class BatchShapes {
  private readonly used: BatchShape[] = [];
  /** tokens of padding that each shape would have saved so far */
  private readonly missed = new Map<string, number>();

  /** A shape that a batch of so many texts, the longest of so many tokens, fits into. */
  fit(rows: number, length: number): BatchShape {
    const own = { rows: roundedUp(rows, 1), length: roundedUp(length, 16) };
    const fitting = this.used.filter((shape) => shape.rows >= own.rows && shape.length >= own.length);
    const best = fitting.sort((a, b) => size(a) - size(b))[0];
    const key = `${own.rows}×${own.length}`;
    if (best !== undefined) {
      const missed = (this.missed.get(key) ?? 0) + size(best) - size(own);
      this.missed.set(key, missed);
      if (size(best) === size(own) || missed <= compileTokens) return best;
    }
    this.used.push(own);
    return own;
  }
}

function size({ rows, length }: BatchShape): number {
  return rows * length;
}

/** The next number on a scale of four steps an octave, which begins with multiples of `step`. */
export function roundedUp(value: number, step: number): number {
  const own = Math.max(step, 2 ** (Math.ceil(Math.log2(value)) - 3));
  return Math.ceil(value / own) * own;
}
