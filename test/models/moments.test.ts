import { equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type OpenedModel, openModel, scoreTextMoments, scoreTexts } from "basewise/models";
import { allClose, answersOf } from "./fixtures.ts";

for (const [name, backend] of [
  ["llama", "cpu"],
  ["gemma2", "cpu"],
  ["gemma2", "onnx"],
] as const) {
  describe(`mean and deviation of each token's distribution: ${name} on ${backend}`, () => {
    let model: OpenedModel;
    const { answers, tensor } = answersOf(name);
    before(async () => {
      model = await openModel(join("test", "fixtures", "checkpoints", name), { backend });
    });
    after(() => model.dispose());

    it("are those of the logits that transformers gives, added up in double precision", async () => {
      // any token appended to a document is predicted from the logits of the document's last one
      const texts = answers.documents.map(({ input_ids }) => [...input_ids, 7]);
      const found = await scoreTextMoments(model, texts, { batch: 3 });
      for (const [i, { means, deviations, logProbabilities }] of found.entries()) {
        const logits = tensor(`doc${i}.last_logits`);
        const [mean, deviation, logs] = moments(logits);
        equal(means.length, texts[i]!.length - 1);
        allClose([means.at(-1)!, deviations.at(-1)!, logProbabilities.at(-1)!], [mean, deviation, logs[7]!], 2e-4, `document ${i}`);
        ok(deviations.every((value) => value > 0) && means.every((value) => value < 0));
      }
    });

    it("come with the log-probabilities that scoreTexts gives; texts that predict nothing have none", async () => {
      const texts = [...answers.documents.slice(0, 3).map(({ input_ids }) => input_ids), [5], []];
      const [plain, found] = [await scoreTexts(model, texts), await scoreTextMoments(model, texts)];
      for (const [i, { logProbabilities }] of found.entries()) allClose(logProbabilities, plain[i]!, 1e-5, `document ${i}`);
      equal(found[3]!.means.length + found[4]!.deviations.length, 0);
    });
  });
}

function moments(logits: ArrayLike<number>): [mean: number, deviation: number, logs: number[]] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const total = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  const logs = values.map((value) => value - total);
  const mean = logs.reduce((sum, log) => sum + Math.exp(log) * log, 0);
  const variance = logs.reduce((sum, log) => sum + Math.exp(log) * (log - mean) ** 2, 0);
  return [mean, Math.sqrt(variance), logs];
}
