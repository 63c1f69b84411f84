import type { Numbers, TensorNumbers, Workspace } from "../compute/index.ts";
import type { TrainConfig } from "./config.ts";
import { type DpoExample, type Example, lengthOf, type Task, tokensOf } from "./examples.ts";
import type { StepLine } from "./log.ts";
import { type MicroBatch, type MicroBatchOptions, microBatches, microBatchOptions } from "./micro-batches.ts";
import { StepOrder, stepsOfEpoch, totalSteps } from "./order.ts";
import { learningRateAt } from "./schedule.ts";
import { lossUnits, microInputs, scalar, updateInputs } from "./step-inputs.ts";
import { heldNames, stepFunctions, type TrainedModel } from "./steps.ts";

type Inputs = Readonly<Record<string, TensorNumbers>>;

/** All that a step computes from, made while the step before is computed. */
interface PreparedStep {
  readonly step: number;
  readonly batches: readonly MicroBatch[];
  readonly inputs: readonly Inputs[];
}

/** Runs the steps of a training on a workspace that holds the weights and their moments. */
export class StepRunner {
  readonly totalSteps: number;
  private readonly workspace: Workspace;
  private readonly model: TrainedModel;
  private readonly task: Task;
  private readonly config: TrainConfig;
  private readonly examples: readonly Example[];
  private readonly order: StepOrder;
  private readonly functions: ReturnType<typeof stepFunctions>;
  private readonly shapes: MicroBatchOptions;
  private readonly held: Readonly<Record<"whole" | "part" | "update", string[]>>;
  private readonly zeroGradients: () => Inputs;
  private hasGradients = false;
  private hasForeseen = false;
  private next: PreparedStep | null = null;

  constructor(
    workspace: Workspace,
    model: TrainedModel & { readonly shapes: ReadonlyMap<string, readonly number[]> },
    task: Task,
    config: TrainConfig,
    examples: readonly Example[],
  ) {
    this.totalSteps = totalSteps(examples.length, config);
    [this.workspace, this.model, this.task, this.config, this.examples] = [workspace, model, task, config, examples];
    this.order = new StepOrder(examples.length, config);
    this.functions = stepFunctions(model, task, config);
    this.shapes = microBatchOptions(examples, config);
    const gradients = model.trained.map(heldNames.gradient);
    const moments = [...model.trained.map(heldNames.mean), ...model.trained.map(heldNames.square)];
    this.held = {
      whole: [...new Set([...model.weights, ...model.trained, ...moments])],
      part: [...model.weights, ...gradients],
      update: [...model.trained, ...moments, ...gradients],
    };
    this.zeroGradients = () => zeros(model.trained.map((name, i) => [gradients[i]!, model.shapes.get(name)!]));
  }

  /** Do a step. @param step from 1 @throws when the loss or the gradient is no number, naming the examples */
  async run(step: number): Promise<StepLine> {
    const start = performance.now();
    if (this.workspace.backend === "onnx" && !this.hasForeseen) this.foresee(step);
    this.hasForeseen = true;
    const prepared = this.next?.step === step ? this.next : this.prepare(step);
    this.next = null;
    const learningRate = learningRateAt(this.config, step, this.totalSteps);
    const rates = updateInputs(this.config, step, learningRate);
    const { results, norm } = prepared.batches.length === 1 ? await this.whole(prepared, rates) : await this.parts(prepared, rates);
    const loss = results.reduce((sum, result) => sum + result["loss"]![0]!, 0);
    this.checkFinite(prepared, results, loss, norm);

    const examples = prepared.batches.flatMap((batch) => batch.examples.map((i) => this.examples[i]!));
    const tokens = examples.reduce((sum, example) => sum + tokensOf(example), 0);
    const padded = prepared.batches.reduce((sum, { rows, length }) => sum + rows * length * this.shapes.texts, 0);
    const seconds = (performance.now() - start) / 1000;
    return {
      kind: "step",
      step,
      epoch: step / stepsOfEpoch(this.examples.length, this.config),
      loss,
      ...this.pairMetrics(prepared, results),
      gradientNorm: norm,
      learningRate,
      tokens,
      tokensPerSecond: tokens / seconds,
      useful: tokens / padded,
      seconds,
    };
  }

  private prepare(step: number): PreparedStep {
    const examples = this.order.of(step);
    const batches = this.batchesOf(examples);
    const units = lossUnits(this.task, this.some(examples));
    return { step, batches, inputs: batches.map((batch) => this.inputsOf(batch, units)) };
  }

  private batchesOf(examples: readonly number[]): MicroBatch[] {
    return microBatches(examples, (i) => lengthOf(this.examples[i]!), this.shapes);
  }

  private inputsOf(batch: MicroBatch, units: number): Inputs {
    return microInputs(this.model.config, this.task, this.some(batch.examples), batch, units);
  }

  private some(numbers: readonly number[]): Example[] {
    return numbers.map((i) => this.examples[i]!);
  }

  /** Tell the workspace the shapes that will occur, so that what is compiled for them shares its memory. */
  private foresee(from: number): void {
    const [whole, parts] = [new Map<string, MicroBatch>(), new Map<string, MicroBatch>()];
    for (let step = from; step <= this.totalSteps; step++) {
      const batches = this.batchesOf(this.order.of(step));
      for (const batch of batches) (batches.length === 1 ? whole : parts).set(`${batch.rows} × ${batch.length}`, batch);
    }
    const inputs = (shapes: ReadonlyMap<string, MicroBatch>, more: Inputs): Inputs[] =>
      [...shapes.values()].map((batch) => ({ ...this.inputsOf(batch, 1), ...more }));
    this.workspace.foresee(this.functions.whole, inputs(whole, updateInputs(this.config, 1, 0)), this.held.whole);
    this.workspace.foresee(this.functions.micro, inputs(parts, { carry: scalar(0) }), this.held.part);
  }

  /** Make the next step's inputs while the engine computes. */
  private prepareNext(step: number): void {
    if (step < this.totalSteps) this.next = this.prepare(step + 1);
  }

  private async whole({ step, inputs }: PreparedStep, rates: Inputs): Promise<StepResults> {
    const run = this.workspace.run(this.functions.whole, { ...inputs[0], ...rates }, this.held.whole);
    this.prepareNext(step);
    const result = await run;
    return { results: [result], norm: result["norm"]![0]! };
  }

  private async parts({ step, inputs }: PreparedStep, rates: Inputs): Promise<StepResults> {
    if (!this.hasGradients) await this.workspace.put(this.zeroGradients(), { transfer: true });
    this.hasGradients = true;
    const runs = inputs.map((own, i) => {
      return this.workspace.run(this.functions.micro, { ...own, carry: scalar(i === 0 ? 0 : 1) }, this.held.part);
    });
    const last = this.workspace.run(this.functions.update, rates, this.held.update);
    this.prepareNext(step);
    const [results, { norm }] = await Promise.all([Promise.all(runs), last]);
    return { results, norm: norm![0]! };
  }

  private pairMetrics({ batches }: PreparedStep, results: StepResults["results"]): Pick<StepLine, "accuracy" | "margin"> {
    const { task } = this;
    if (task.kind === "regression" || task.kind === "language-model") return { accuracy: null, margin: null };
    let [wins, sum, pairs] = [0, 0, 0];
    for (const [i, { examples, rows }] of batches.entries()) {
      const outputs = results[i]!["outputs"]!;
      for (const [row, number] of examples.entries()) {
        const gap = outputs[row]! - outputs[rows + row]!;
        const margin = task.kind === "dpo" ? task.beta * (gap - referenceGap(this.examples[number] as DpoExample)) : gap;
        if (margin > 0) wins++;
        sum += margin;
        pairs++;
      }
    }
    return { accuracy: wins / pairs, margin: sum / pairs };
  }

  private checkFinite({ step, batches }: PreparedStep, results: StepResults["results"], loss: number, norm: number): void {
    if (Number.isFinite(loss) && Number.isFinite(norm)) return;
    const wrong = batches.flatMap(({ examples, rows }, i) => examples.filter((_, row) => !isFiniteRow(results[i]!["outputs"]!, row, rows)));
    const all = batches.flatMap(({ examples }) => examples);
    const named = wrong.length > 0 ? wrong : all;
    const list = named.slice(0, 8).join(", ") + (named.length > 8 ? ` and ${named.length - 8} more` : "");
    const what = Number.isFinite(loss) ? `the gradient's norm is ${norm}` : `the loss is ${loss}`;
    throw new Error(
      `train: step ${step}: ${what}, with the training examples ${list} (from 0); nothing of this step is saved. ` +
        "Look at these examples, or lower learningRate",
    );
  }
}

interface StepResults {
  /** of each micro-batch: `loss`, `outputs` */
  readonly results: readonly Readonly<Record<string, Numbers>>[];
  readonly norm: number;
}

function referenceGap({ referenceChosen, referenceRejected }: DpoExample): number {
  return referenceChosen - referenceRejected;
}

/** Whether all that the model gave for an example is a number. @param rows of the micro-batch; its outputs hold each one or two times */
function isFiniteRow(outputs: Numbers, row: number, rows: number): boolean {
  const width = outputs.length / rows; // numbers of a row, or the two sides of a pair
  const own = width === 2 ? [outputs[row]!, outputs[rows + row]!] : [...outputs.subarray(row * width, (row + 1) * width)];
  return own.every(Number.isFinite);
}

/** Tensors of zeros. */
export function zeros(shapes: readonly (readonly [name: string, shape: readonly number[]])[]): Inputs {
  const size = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);
  return Object.fromEntries(shapes.map(([name, shape]) => [name, { shape, data: new Float32Array(size(shape)) }]));
}
