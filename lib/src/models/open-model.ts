import { openWorkspace, type Workspace, type WorkspaceOptions } from "../compute/index.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import type { DecoderConfig } from "./config.ts";
import { modelParts } from "./load.ts";
import { loadTokenizer, type Tokenizer, type TokenizerOptions } from "./tokenizer.ts";

/** A model whose weights a workspace holds. */
export interface HeldModel {
  readonly config: DecoderConfig;
  readonly workspace: Workspace;
  /** of its weights, in the checkpoint and in the workspace */
  readonly weightNames: readonly string[];
}

/** A model that can score texts. */
export interface OpenedModel extends HeldModel {
  readonly tokenizer: Tokenizer;
  /** tensors of the checkpoint that the model does not use */
  readonly unused: readonly string[];
  /** one line on what computes */
  readonly engine: string;
  /** free weights and engine */
  dispose(): Promise<void>;
}

export interface OpenModelOptions extends TokenizerOptions, WorkspaceOptions {}

/**
 * Open a model folder to score texts with it (`scoreTexts`, `scoreRewards`): its tokenizer, and its weights, which go one after the
 * other from the disk to the engine, so that memory holds them once.
 *
 * @param folder   in the Hugging Face layout (`resolveModel` finds one by its name on the hub)
 * @param options  backend and threads, chat template
 * @throws one line that names the file and what is missing in it, or the backend and why it cannot be had
 */
export async function openModel(folder: string, options: OpenModelOptions = {}): Promise<OpenedModel> {
  const tokenizer = loadTokenizer(folder, options); // first: it is quick, and may be missing
  const checkpoint = openCheckpoint(folder);
  try {
    const workspace = await openWorkspace(options);
    try {
      const model = await holdModel(checkpoint, workspace);
      return {
        ...model,
        tokenizer,
        engine: `${model.config.modelType} on ${workspace.description}`,
        dispose: () => workspace.close(),
      };
    } catch (error) {
      await workspace.close();
      throw error;
    }
  } finally {
    checkpoint.close();
  }
}

/**
 * Put a checkpoint's weights into a workspace, one after the other, so that memory holds them once.
 *
 * @throws one line that names the field of config.json, or tensor and file
 */
export async function holdModel(checkpoint: Checkpoint, workspace: Workspace): Promise<HeldModel & { readonly unused: readonly string[] }> {
  const { config, shapes, unused } = modelParts(checkpoint);
  for (const [name, shape] of shapes) {
    await workspace.put({ [name]: { shape, data: checkpoint.read(name, shape) } }, { transfer: true });
  }
  return { config, workspace, weightNames: [...shapes.keys()], unused };
}
