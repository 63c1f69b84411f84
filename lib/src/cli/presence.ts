import type { Command } from "commander";
import { registerPresenceCompare } from "./presence-compare.ts";
import { registerPresenceSample } from "./presence-sample.ts";
import { registerPresenceScore } from "./presence-score.ts";

/** `basewise presence`: from documents to scores, distributions and their distances. */
export function registerPresence(program: Command): void {
  const group = program.command("presence").description("how likely language models find documents, by the data these come from");
  registerPresenceSample(group);
  registerPresenceScore(group);
  registerPresenceCompare(group);
}
