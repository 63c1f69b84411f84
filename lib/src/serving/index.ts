/** Models behind a server: log-probabilities of prompts and rewards over HTTP. */

export { type Connection, type ConnectionOptions, connect, Refused, requestJson } from "./http.ts";
export type { PromptServerKind } from "./prompt-protocols.ts";
export { openPromptServer, type PromptServer, type PromptServerOptions, scorePrompts } from "./prompt-server.ts";
export type { RewardInput, RewardServerKind } from "./reward-protocols.ts";
export { openRewardServer, type RewardServer, type RewardServerOptions, scoreServed } from "./reward-server.ts";
export type { ScoreAllOptions } from "./score-all.ts";
