import type { Architecture } from "./architectures.ts";
import type { RotaryConfig, RotaryScaling } from "./config.ts";
import type { ConfigFields } from "./config-fields.ts";

/**
 * The rotary part of a config.json, in either form: `rope_theta` and `rope_scaling` (and `partial_rotary_factor`) beside the other
 * fields, or all in `rope_parameters`. As transformers 5.12 does: `rope_scaling` wins where both are filled.
 */
export function readRotary(architecture: Architecture, headDim: number, maxPositions: number, fields: ConfigFields): RotaryConfig {
  const rope = fields.section("rope_scaling") ?? fields.section("rope_parameters");
  const dims = Math.trunc(headDim * rotaryShare(architecture, rope, fields));
  return {
    theta: rope?.optionalNumber("rope_theta") ?? fields.number("rope_theta"),
    dims,
    interleaved: architecture.interleavedRotary,
    scaling: rope === null ? { type: "default" } : readScaling(architecture, rope, dims, maxPositions, fields),
  };
}

function rotaryShare({ rotaryShare }: Architecture, rope: ConfigFields | null, fields: ConfigFields): number {
  if (rotaryShare === null) return 1;
  return rope?.optionalNumber("partial_rotary_factor") ?? fields.optionalNumber("partial_rotary_factor") ?? rotaryShare;
}

function readScaling(
  architecture: Architecture,
  rope: ConfigFields,
  dims: number,
  maxPositions: number,
  fields: ConfigFields,
): RotaryScaling {
  const originalPositions = (): number =>
    fields.optionalCount("original_max_position_embeddings") ?? rope.optionalCount("original_max_position_embeddings") ?? maxPositions;
  const factor = (): number => rope.optionalNumber("factor") ?? maxPositions / originalPositions();
  switch (ropeType(architecture, rope)) {
    case "linear":
      return { type: "linear", factor: rope.number("factor") };
    case "dynamic":
      return { type: "dynamic", factor: rope.number("factor"), maxPositions };
    case "yarn":
      return {
        type: "yarn",
        factor: factor(),
        originalPositions: originalPositions(),
        amplitude: rope.optionalNumber("attention_factor") ?? yarnAmplitude(factor(), rope),
        betaFast: rope.optionalNumber("beta_fast") || 32,
        betaSlow: rope.optionalNumber("beta_slow") || 1,
        truncate: !rope.has("truncate") || rope.flag("truncate"),
      };
    case "longrope":
      return {
        type: "longrope",
        shortFactors: longropeFactors("short_factor", rope, dims),
        longFactors: longropeFactors("long_factor", rope, dims),
        originalPositions: originalPositions(),
        amplitude: rope.optionalNumber("attention_factor") ?? longropeAmplitude(factor(), originalPositions()),
      };
    case "llama3":
      return {
        type: "llama3",
        factor: rope.number("factor"),
        lowFrequencyFactor: rope.number("low_freq_factor"),
        highFrequencyFactor: rope.number("high_freq_factor"),
        originalPositions: originalPositions(),
      };
    default:
      return { type: "default" };
  }
}

/** `rope_type`, in old files `type`; Phi-3's oldest files call longrope "su" or "yarn". */
function ropeType({ ropeTypes }: Architecture, rope: ConfigFields): RotaryScaling["type"] {
  const name = rope.has("rope_type") ? "rope_type" : "type";
  if (!rope.has(name)) return "default";
  const renamed = ropeTypes.includes("yarn") || !ropeTypes.includes("longrope") ? [] : (["su", "yarn"] as const);
  const type = rope.oneOf(name, [...ropeTypes, ...renamed]);
  return type === "su" || (type === "yarn" && renamed.length > 0) ? "longrope" : type;
}

function longropeFactors(name: string, rope: ConfigFields, dims: number): number[] {
  const factors = rope.optionalNumbers(name) ?? [];
  const pairs = Math.ceil(dims / 2);
  if (factors.length === pairs) return factors;
  throw rope.error(name, `has ${factors.length} numbers; expected ${pairs}, one per rotated pair`);
}

/** √(1 + ln s / ln n) for texts s times longer than the n tokens of before (Ding et al. 2024, arXiv 2402.13753). */
function longropeAmplitude(factor: number, originalPositions: number): number {
  return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
}

/** 0.1 ln s + 1 (Peng et al. 2023, arXiv 2309.00071, §3.4), or the ratio of two such terms where the file gives their weights. */
function yarnAmplitude(factor: number, rope: ConfigFields): number {
  const term = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const above = rope.optionalNumber("mscale");
  const below = rope.optionalNumber("mscale_all_dim");
  return above && below ? term(above) / term(below) : term(1);
}
