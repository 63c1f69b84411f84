import { seededRandom } from "../../statistics/index.ts";
import { type Dice, dice } from "./dice.ts";
import { type Domain, domains, writeDocument } from "./documents.ts";
import { encodeWords } from "./vocabulary.ts";
import type { World } from "./world.ts";

/** Shares of the domains among the tokens of pre-training; sum 1. */
export type Mixture = Readonly<Record<Domain, number>>;

/** Families of base models. */
export type Family = "atlas" | "forge" | "folio";

/** Their mixtures: one knows people, one sums and programs, one good from bad. */
export const mixtures: Readonly<Record<Family, Mixture>> = {
  atlas: mixture(0.05, 0.02, 0.05, 0.5, 0.38),
  forge: mixture(0.37, 0.02, 0.37, 0.12, 0.12),
  folio: mixture(0.05, 0.5, 0.05, 0.2, 0.2),
};

/** @param shares  in the order of `domains` */
export function mixture(...shares: readonly [number, number, number, number, number]): Mixture {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-9 || shares.some((share) => share < 0))
    throw new Error(`mixture: shares are ${shares.join(", ")}, sum ${sum}; give none below 0, with sum 1`);
  return Object.fromEntries(domains.map((domain, i) => [domain, shares[i]!])) as Record<Domain, number>;
}

export interface StreamOptions {
  /** documents that are mixed in as they are (e.g. to be recognised later), evenly over `tokens` */
  readonly extra?: readonly string[];
  readonly tokens?: number;
}

/**
 * Pre-training text without end: documents of a mixture, `<bos> … <eos>` each, one after another. The next document is of the domain that is
 * furthest behind its share.
 *
 * @yields token ids of one document
 */
export function* textStream(
  world: World,
  vocabulary: ReadonlyMap<string, number>,
  shares: Mixture,
  seed: number,
  { extra = [], tokens = 0 }: StreamOptions = {},
): Generator<number[]> {
  const drawn: Dice = dice(seededRandom(seed));
  const written: Record<Domain, number> = { Github: 0, Book: 0, ArXiv: 0, Wikipedia: 0, StackExchange: 0 };
  const frame = (text: string): number[] => [vocabulary.get("<bos>")!, ...encodeWords(vocabulary, text), vocabulary.get("<eos>")!];
  let total = 0;
  let added = 0;
  for (;;) {
    if (added < extra.length && total >= ((added + 0.5) / extra.length) * tokens) {
      const document = frame(extra[added++]!);
      total += document.length;
      yield document;
      continue;
    }
    const behind = (domain: Domain): number => shares[domain] * (total + 60) - written[domain];
    const domain = domains.reduce((worst, next) => (behind(next) > behind(worst) ? next : worst));
    const document = frame(writeDocument(drawn, world, domain));
    written[domain] += document.length;
    total += document.length;
    yield document;
  }
}

/** Cut a stream into rows of equal length, whatever documents they cut through. */
export function* packedRows(stream: Iterable<readonly number[]>, length: number): Generator<number[]> {
  let row: number[] = [];
  for (const document of stream) {
    for (const id of document) {
      row.push(id);
      if (row.length < length) continue;
      yield row;
      row = [];
    }
  }
}
