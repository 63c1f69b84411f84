import { oneLine } from "../files/index.ts";
import { wilsonInterval } from "../statistics/index.ts";
import type { TrainConfig } from "./config.ts";

/** What a model card says. Names and texts may come from anywhere: they are escaped. */
export interface CardFacts {
  readonly title: string;
  /** hub name or folder of the base */
  readonly base: string;
  readonly method: "bradley-terry" | "regression" | "language-model" | "dpo";
  /** names of the outputs; none for a language model */
  readonly outputs: readonly string[];
  readonly mergeVector?: readonly number[];
  readonly data: readonly DataFacts[];
  readonly metrics: readonly MetricFacts[];
  readonly config: TrainConfig;
  /** a sentence: steps done, and which the weights are of */
  readonly steps: string;
  readonly chatTemplate: string;
  readonly padToken: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
}

export interface DataFacts {
  /** "training", "validation", … */
  readonly role: string;
  /** files or names on the hub */
  readonly places: readonly string[];
  /** rows read, kept, left out: `describeTally` */
  readonly tally: string;
}

export interface MetricFacts {
  readonly name: string;
  readonly value: number;
  /** examples behind it; a share of so many gets Wilson's interval */
  readonly n?: number;
}

/** README.md of a trained model, as the hub shows it: what it is, how to load it, data, results, configuration. */
export function modelCard(facts: CardFacts): string {
  const isReward = facts.outputs.length > 0;
  const parts = [
    frontMatter(facts),
    `# ${escapeMarkdown(facts.title)}`,
    `${isReward ? "A reward model" : "A language model"}, trained from ${code(facts.base)} by ${methodNames[facts.method]} with [basewise](https://www.npmjs.com/package/basewise).`,
    "## Use",
    isReward ? usage(facts) : `Load it with transformers' \`AutoModelForCausalLM\`.`,
    "## Results",
    metricTable(facts.metrics),
    "## Data",
    facts.data.map(({ role, places, tally }) => `- ${role}: ${places.map(code).join(", ")}: ${escapeMarkdown(tally)}`).join("\n"),
    `Conversations are written by ${escapeMarkdown(facts.chatTemplate)}. Pad token: ${escapeMarkdown(facts.padToken)}.`,
    "## Configuration",
    facts.steps,
    fence(JSON.stringify(facts.config, null, 2), "json"),
    "## Reproduce",
    fence(oneLine(facts.command, 2000), "sh"),
    Object.entries(facts.versions)
      .map(([name, version]) => `${escapeMarkdown(name)} ${escapeMarkdown(version)}`)
      .join(", "),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const methodNames = {
  "bradley-terry": "the Bradley–Terry loss on preference pairs",
  regression: "regression on rated attributes",
  "language-model": "next-token prediction",
  dpo: "direct preference optimisation",
} as const;

function frontMatter({ base, outputs }: CardFacts): string {
  const isName = /^[\w.-]+\/[\w.-]+$/.test(base); // a folder's path is nothing for a hub
  const task =
    outputs.length > 0
      ? ["pipeline_tag: text-classification", "tags:", "- reward-model", "- basewise"]
      : ["pipeline_tag: text-generation", "tags:", "- basewise"];
  return ["---", "library_name: transformers", ...(isName ? [`base_model: ${base}`] : []), ...task, "---"].join("\n");
}

function usage({ outputs, mergeVector }: CardFacts): string {
  const several = outputs.length > 1;
  const meaning = several
    ? `The model gives ${outputs.length} numbers: ${outputs.map(code).join(", ")}.${mergeVector ? ` Their weighted sum with ${mergeVector.join(", ")} is the reward.` : ""}`
    : "The model gives one number, the reward; only differences between answers to the same prompt mean anything.";
  const merged = several && mergeVector ? `\nreward = values @ torch.tensor(model.config.basewise["merge_vector"])` : "";
  const python = `import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder)
messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]
text = tokenizer.apply_chat_template(messages, tokenize=False)
inputs = tokenizer(text, add_special_tokens=False, return_tensors="pt")
with torch.no_grad():
    values = model(**inputs).logits[0]${merged}`;
  return [meaning, fence(python, "python"), fence("basewise reward FOLDER --conversations answers.jsonl", "sh")].join("\n\n");
}

function metricTable(metrics: readonly MetricFacts[]): string {
  if (metrics.length === 0) return "No validation data were given.";
  const rows = metrics.map(({ name, value, n }) => {
    const share = n !== undefined && n > 0 && value >= 0 && value <= 1;
    const { low, high } = share ? wilsonInterval(Math.min(n, value * n), n) : { low: 0, high: 0 };
    return `| ${escapeMarkdown(name)} | ${value.toPrecision(4)} | ${share ? `${low.toPrecision(4)} to ${high.toPrecision(4)}` : ""} | ${n ?? ""} |`;
  });
  return ["| measure | value | 95 % (Wilson) | examples |", "|---|---|---|---|", ...rows].join("\n");
}

/** Text as Markdown shows it, letter by letter, in one line. */
export function escapeMarkdown(text: string): string {
  return oneLine(text, 500).replace(/[\\`*_{}[\]<>#|&~!$]/g, "\\$&");
}

/** Text in code style; its own backticks become apostrophes. */
function code(text: string): string {
  return `\`${oneLine(text, 200).replaceAll("`", "'").replaceAll("|", "¦")}\``;
}

function fence(text: string, language: string): string {
  return `\`\`\`${language}\n${text.replaceAll("```", "'''")}\n\`\`\``;
}
