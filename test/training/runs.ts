import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { type Checkpoint, openCheckpoint } from "basewise/models";
import { paperBradleyTerry, type TrainConfig } from "basewise/training";

const root = mkdtempSync(join(tmpdir(), "basewise-training-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A new folder, removed when the tests of the file are done. */
export function newFolder(): string {
  return mkdtempSync(join(root, "run-"));
}

/** The same checkpoint with another tensor in place of one of its own, or beside them. */
export function withTensor(checkpoint: Checkpoint, name: string, shape: readonly number[], data: Float32Array): Checkpoint {
  const columns = data.length / shape[0]!;
  return {
    ...checkpoint,
    names: [...new Set([...checkpoint.names, name])],
    has: (own) => own === name || checkpoint.has(own),
    shape: (own) => (own === name ? shape : checkpoint.shape(own)),
    read: (own, expected) => (own === name ? data.slice() : checkpoint.read(own, expected)),
    readRows: (own, from, to) => (own === name ? data.slice(from * columns, to * columns) : checkpoint.readRows(own, from, to)),
  };
}

export const fixture = (name: string): Checkpoint => openCheckpoint(join("test", "fixtures", "checkpoints", name));

/** A config for tests: everything is told from paperBradleyTerry, on a tiny scale. */
export const tiny: TrainConfig = {
  ...paperBradleyTerry,
  learningRate: 1e-3,
  warmupSteps: 0,
  batchSize: 8,
  microTokens: 512,
  paddedLengths: 2,
  evaluateEvery: null,
  saveEvery: null,
  gradientCheckpointing: false,
};
