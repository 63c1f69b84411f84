import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspectEngine, openWorkspace, type TensorFunction, tf, type Workspace } from "basewise/compute";
import { holdModel, openCheckpoint, scoreTexts } from "basewise/models";
import { allClose, answersOf } from "../../models/fixtures.ts";
import { softwareVulkan } from "../vulkan.ts";

softwareVulkan();
const engine = inspectEngine("onnx-webgpu", process.cwd());
const skip = engine.available ? false : `no WebGPU for ONNX Runtime here: ${engine.reason}; SwiftShader (Debian: chromium-common) would do`;
if (skip) console.log(`onnx-webgpu: skipped, ${skip}`);

/** Loss and new weights of a step of gradient descent on a small network. */
const step: TensorFunction = ({ x, w }) => {
  const { value, grads } = tf.valueAndGrads((own: tf.Tensor) => tf.mean(tf.square(tf.softmax(tf.tanh(tf.matMul(x!, own))))).asScalar())([
    w!,
  ]);
  return { loss: value, w: tf.sub(w!, tf.mul(grads[0]!, 0.5)) };
};

async function tenSteps(workspace: Workspace): Promise<{ losses: number[]; w: Float32Array }> {
  const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i));
  await workspace.put({ w: { shape: [8, 6], data: numbers(48) } });
  const losses: number[] = [];
  for (let i = 0; i < 10; i += 1) losses.push((await workspace.run(step, { x: { shape: [5, 8], data: numbers(40) } }, ["w"]))["loss"]![0]!);
  const { w } = await workspace.get(["w"]);
  return { losses, w: w! };
}

describe("a workspace on onnx-webgpu", { skip }, () => {
  it("takes the steps that onnx takes", async () => {
    const [expected, actual] = await Promise.all(
      (["onnx", "onnx-webgpu"] as const).map(async (backend) => {
        const workspace = await openWorkspace({ backend });
        const result = await tenSteps(workspace);
        await workspace.close();
        return result;
      }),
    );
    allClose(actual!.losses, expected!.losses, 1e-6, "losses");
    allClose(actual!.w, expected!.w, 1e-5, "weights");
    assert.ok(expected!.losses[9]! < expected!.losses[0]!);
  });

  for (const name of ["llama", "gemma2"]) {
    it(`${name}: log-probabilities are transformers'`, async () => {
      const { answers, tensor } = answersOf(name);
      const workspace = await openWorkspace({ backend: "onnx-webgpu" });
      const checkpoint = openCheckpoint(join("test", "fixtures", "checkpoints", name));
      const model = await holdModel(checkpoint, workspace);
      checkpoint.close();
      const documents = answers.documents.slice(0, 3).map(({ input_ids }) => input_ids);
      const found = await scoreTexts(model, documents);
      for (const [i, row] of found.entries()) allClose(row, tensor(`doc${i}.logprobs`), 2e-4, `document ${i}`);
      await workspace.close();
    });
  }
});
