/** Which engines and devices this machine has. */
export * from "./machine.ts";
export type { Engine } from "./tensorflow.ts";
export { tensorFlowEngines, utilHelpers } from "./tensorflow.ts";
