import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CardFacts, escapeMarkdown, laptop, modelCard } from "basewise/training";

const facts: CardFacts = {
  title: "tiny",
  base: "org/base-1B",
  method: "regression",
  outputs: ["helpfulness", "verbosity"],
  mergeVector: [0.5, -0.05],
  data: [{ role: "training", places: ["nvidia/HelpSteer2"], tally: "20324 rows, 20320 kept; left out: 4 too long" }],
  metrics: [
    { name: "accuracy", value: 0.98, n: 50 },
    { name: "loss", value: 0.25 },
  ],
  config: laptop,
  steps: "635 steps.",
  chatTemplate: "chat_template.jinja",
  padToken: "<pad>: as tokenizer_config.json says",
  versions: { basewise: "0.1.0", node: "22.1.0" },
  command: "basewise train --method regression",
};

describe("modelCard", () => {
  it("says base, data with what was left out, results with Wilson's interval, config and command", () => {
    const card = modelCard(facts);
    assert.match(card, /^---\nlibrary_name: transformers\nbase_model: org\/base-1B\npipeline_tag: text-classification\n/);
    assert.match(card, /- training: `nvidia\/HelpSteer2`: 20324 rows, 20320 kept; left out: 4 too long/);
    assert.match(card, /\| accuracy \| 0\.9800 \| 0\.8950 to 0\.9965 \| 50 \|/); // Wilson of 49 of 50: 0.895 to 0.9965
    assert.match(card, /\| loss \| 0\.2500 \| {2}\| {2}\|/);
    assert.match(card, /weighted sum with 0\.5, -0\.05 is the reward/);
    assert.match(card, /"learningRate": 0\.0002/);
    assert.match(card, /```sh\nbasewise train --method regression\n```/);
    assert.ok(card.endsWith("basewise 0.1.0, node 22.1.0\n"));
  });

  it("cannot be broken out of by names", () => {
    const evil = "x`|](javascript:1)\n# Owned <script>alert(1)</script> ```";
    const card = modelCard({ ...facts, title: evil, base: evil, command: evil, data: [{ role: "training", places: [evil], tally: evil }] });
    assert.doesNotMatch(card, /^# Owned/m);
    assert.doesNotMatch(card, /base_model/); // neither a name of the hub nor anything for its YAML
    const outsideCode = card.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
    assert.doesNotMatch(outsideCode, /(?<!\\)<script/);
    assert.equal(card.match(/^```/gm)!.length % 2, 0);
    assert.equal(escapeMarkdown("a_b*c[d]"), "a\\_b\\*c\\[d\\]");
  });
});
