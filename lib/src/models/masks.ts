import { tf } from "../compute/index.ts";
import type { DecoderConfig, Span } from "./config.ts";

/** Added to the scores of what is not seen: its weight after the softmax is exactly 0 in float32. */
const unseen = -1e9;

/** One name per kind of span, so that layers that see the same share a mask. */
export function spanName(span: Span): string {
  return span.kind === "window" ? `window-${span.window}` : span.kind;
}

/**
 * The masks of a model, by `spanName`: 0 where a token sees another, −10⁹ where it does not. Texts are padded on the right, so what is
 * seen never includes padding, and no mask depends on the texts.
 *
 * @param length  tokens of the padded batch
 * @returns [length (seeing), length (seen)], or [n, length, length] where heads differ: head h has matrix h mod n
 */
export function spanMasks({ attention, heads }: DecoderConfig, length: number): Record<string, tf.Tensor> {
  const spans = new Map(attention.spans.map((span) => [spanName(span), span]));
  return Object.fromEntries([...spans].map(([name, span]) => [name, spanMask(span, length, heads)]));
}

function spanMask(span: Span, length: number, heads: number): tf.Tensor {
  const matrices = distinctHeads(span, length, heads);
  const mask = new Float32Array(matrices * length * length).fill(unseen);
  for (let head = 0; head < matrices; head += 1) {
    for (let from = 0; from < length; from += 1) {
      const row = (head * length + from) * length;
      for (let to = 0; to <= from; to += 1) if (isSeen(span, head, from, to, heads)) mask[row + to] = 0;
    }
  }
  return tf.tensor(mask, matrices > 1 ? [matrices, length, length] : [length, length]);
}

/** After how many heads what they see repeats. Within the local blocks all see the same. */
function distinctHeads(span: Span, length: number, heads: number): number {
  if (span.kind !== "blocks" || span.sameForAllHeads || length <= span.blockSize * span.localBlocks) return 1;
  return heads % span.stride === 0 ? span.stride : heads;
}

/**
 * Whether a token sees an earlier one (or itself).
 *
 * @param from  position of the token that looks, `to` of the one that is looked at; to ≤ from
 */
export function isSeen(span: Span, head: number, from: number, to: number, heads: number): boolean {
  switch (span.kind) {
    case "causal":
      return true;
    case "window":
      return to > from - span.window;
    case "blocks":
      return isBlockSeen(span, head, Math.floor(from / span.blockSize), Math.floor(to / span.blockSize), heads);
  }
}

/**
 * Phi-3-small's pattern: the newest `localBlocks` blocks, and of the older ones every `stride`-th, which ones differing by head.
 * Source: the model's own code (triton_flash_blocksparse_attn.py of microsoft/Phi-3-small-8k-instruct).
 */
function isBlockSeen(span: Span & { kind: "blocks" }, head: number, from: number, to: number, heads: number): boolean {
  const step = Math.max(1, Math.floor(span.stride / heads));
  const offset = span.sameForAllHeads ? 1 : head * step + 1;
  return from - to < span.localBlocks || (to + offset) % span.stride === 0;
}
