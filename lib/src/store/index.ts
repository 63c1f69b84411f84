/** The run store: training runs, rewards and presence scores in one DuckDB file; shards of parallel tasks, and their merging. */
export * from "./export.ts";
export { defaultStorePath, openStore, type StoreOptions } from "./open.ts";
export {
  appendPresence,
  countPresence,
  type PresenceBatch,
  type PresenceCount,
  type PresenceKey,
  type PresenceScore,
  presenceOf,
  type StoredPresence,
  scoredDocuments,
} from "./presence.ts";
export * from "./rewards.ts";
export * from "./runs.ts";
export { minKPercents } from "./schema.ts";
export type { Session, Store, Value } from "./session.ts";
export * from "./shards.ts";
