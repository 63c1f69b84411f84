import { oneLine } from "../files/index.ts";
import { activationFault } from "./activation.ts";
import { type Connection, type ConnectionOptions, connect, Refused, requestJson } from "./http.ts";
import { describe, identify, type ServerIdentity } from "./identity.ts";
import {
  type RewardInput,
  type RewardProtocol,
  type RewardServerKind,
  sglang,
  tei,
  vllmClassify,
  vllmPooling,
} from "./reward-protocols.ts";
import { type ScoreAllOptions, scoreAll } from "./score-all.ts";
import { addedByTei } from "./tei-text.ts";

export interface RewardServerOptions extends ConnectionOptions {
  /** which interface to use; by default the one that fits what the server says it is */
  readonly kind?: RewardServerKind | undefined;
  /** the model's name, where the server has several */
  readonly model?: string | undefined;
  /** told what is odd but not wrong: rewards that look like probabilities */
  readonly onNotice?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A server that gives rewards of conversations. */
export interface RewardServer {
  readonly kind: RewardServerKind;
  /** its address, without credentials */
  readonly url: string;
  /** the name under which it serves the model */
  readonly model: string;
  readonly version: string | undefined;
  /** how the model's numbers are stored there, where it says so */
  readonly dtype: string | undefined;
  /** tokens that it takes, where it says so; more are refused */
  readonly contextLength: number | undefined;
  /** rewards per conversation */
  readonly outputs: number;
  /** one line for results: program, version, model, number format, address */
  readonly description: string;
  /**
   * The reward of one conversation, before any sigmoid or softmax.
   *
   * @param input  in as many forms as there are: the server is sent the best that it takes
   * @returns      one reward, or one per attribute in the head's order  [outputs]
   * @throws one line: what the server says, forms that it does not take, or what is wrong with its numbers
   */
  score(input: RewardInput, signal?: AbortSignal): Promise<Float32Array>;
}

/** What was found out about a server. */
interface Opened {
  readonly connection: Connection;
  readonly identity: ServerIdentity;
  readonly protocol: RewardProtocol;
  /** the forms of an input that it takes, the best first */
  readonly forms: readonly (keyof RewardInput)[];
}

/**
 * Find out what a server is, and whether it gives rewards as the model computes them: vLLM (/classify or /pooling), SGLang (/classify),
 * text-embeddings-inference (/predict). One that makes probabilities of the rewards by a softmax is refused here; a sigmoid, which keeps
 * their order, is reported.
 *
 * @param options.url  its address, e.g. http://localhost:8000
 * @throws one line: not reachable, no such model, gives no rewards, or not the model's own
 */
export async function openRewardServer(options: RewardServerOptions & { readonly url: string }): Promise<RewardServer> {
  const { signal, onNotice } = options;
  const connection = connect(options.url, options);
  const identity = await identify(connection, options.model, signal);
  const kind = options.kind ?? kindOf(identity, connection);
  const opened = await openProtocol(kind, connection, identity, signal);
  const rewards = await probeRewards(opened, signal);
  let bos: Promise<string> | undefined;
  return {
    kind,
    url: connection.url,
    model: identity.model,
    version: identity.version,
    dtype: identity.dtype,
    contextLength: identity.contextLength,
    outputs: rewards[0]!.length,
    description: describe(identity, connection.url),
    async score(input, stop) {
      const { ids, text } = input;
      if (kind !== "tei" || !ids || text === undefined) return scoreOne(opened, input, stop);
      bos ??= addedByTei(connection, ids, text, stop).catch((error: unknown) => {
        bos = undefined;
        throw error;
      });
      const added = await bos;
      return scoreOne(opened, { ids, text: text.startsWith(added) ? text.slice(added.length) : text }, stop);
    },
  };

  async function probeRewards(found: Opened, stop: AbortSignal | undefined): Promise<Float32Array[]> {
    const all = await Promise.all(probes.map((text) => scoreOne(found, { text }, stop)));
    const fault = activationFault(all);
    if (!fault) return all;
    const activated = await Promise.all(probes.map((text) => scoreOne(found, { text }, stop, true)));
    if (all.some((row, i) => row.some((value, j) => Math.abs(value - activated[i]![j]!) > 1e-6))) return all; // it can be switched off, and was
    const said = `${describe(identity, connection.url)}: ${fault.why}; ${remedies[kind]}`;
    if (fault.lost) throw new Error(said);
    onNotice?.(said);
    return all;
  }
}

/**
 * Rewards of any number of conversations: what `scoreRewards` computes here, from a server. For more than memory holds,
 * `inParallel(rows, 16, (row, _, signal) => server.score(row.input, signal))` streams.
 *
 * @returns for each input, in the order given, one reward or one per attribute  [outputs]
 * @throws one line that begins with the input's number, counted from 0
 */
export async function scoreServed(
  server: RewardServer,
  inputs: readonly RewardInput[],
  options: ScoreAllOptions = {},
): Promise<Float32Array[]> {
  const rewards = await scoreAll("conversation", inputs, (input, signal) => server.score(input, signal), options);
  const fault = rewards.length >= 8 ? activationFault(rewards) : undefined;
  if (fault?.lost) throw new Error(`${server.description}: ${fault.why}; ${remedies[server.kind]}`);
  return rewards;
}

const probes = ["The sky is blue.", "Two and two are five!", "def add(a, b): return a + b"];

const remedies: Readonly<Record<RewardServerKind, string>> = {
  vllm: `use vLLM 0.11.1 or later, which takes "use_activation", or start it with --override-pooler-config '{"softmax": false}'`,
  sglang: "use a version of SGLang that gives what the model's head gives",
  tei: 'use a version that knows "raw_scores"',
};

function kindOf({ program }: ServerIdentity, { url }: Connection): RewardServerKind {
  if (program === "vllm" || program === "sglang" || program === "tei") return program;
  throw new Error(`${url}: is neither vLLM nor SGLang nor text-embeddings-inference; say what kind of server it is if it is one of them`);
}

/** The first interface of the server that gives rewards, and the forms of input that it takes. */
async function openProtocol(
  kind: RewardServerKind,
  connection: Connection,
  identity: ServerIdentity,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const candidates = kind === "vllm" ? [vllmClassify, vllmPooling] : [kind === "sglang" ? sglang : tei(identity.info)];
  const refusals: string[] = [];
  for (const protocol of candidates) {
    const opened = { connection, identity, protocol, forms: protocol.forms };
    const refusal = await refusalOf(opened, { text: probes[0]! }, signal);
    if (refusal === undefined) {
      const takesIds = protocol.forms.includes("ids") && (await refusalOf(opened, { ids: [1, 2, 3, 4] }, signal)) === undefined;
      return { ...opened, forms: protocol.forms.filter((form) => form !== "ids" || takesIds) };
    }
    refusals.push(refusal);
  }
  throw new Error(`${describe(identity, connection.url)}: gives no rewards (${oneLine(refusals.join("; "), 400)}); ${starts[kind]}`);
}

const starts: Readonly<Record<RewardServerKind, string>> = {
  vllm: "start vLLM with a reward model and --runner pooling (before 0.10: --task classify)",
  sglang: "start SGLang with a reward model and --is-embedding",
  tei: "start it with a reward model",
};

/** What the server says against an input, or undefined where it answers. */
async function refusalOf(
  { connection, identity, protocol }: Opened,
  input: RewardInput,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    await requestJson(connection, protocol.path, { body: protocol.body(identity.model, input, false), signal });
    return undefined;
  } catch (error) {
    if (error instanceof Refused && ![401, 403].includes(error.status)) return error.message;
    throw error;
  }
}

async function scoreOne(
  { connection, identity, protocol, forms }: Opened,
  input: RewardInput,
  signal: AbortSignal | undefined,
  activated = false,
): Promise<Float32Array> {
  const form = forms.find((name) => input[name] !== undefined);
  const given = Object.keys(input).join(" and ") || "nothing";
  if (form === undefined) throw new Error(`${connection.url} takes a conversation as ${forms.join(" or ")}, and ${given} was given`);
  const { contextLength = Number.POSITIVE_INFINITY, model } = identity;
  if (input.ids && input.ids.length > contextLength)
    throw new Error(
      `${input.ids.length} tokens, but ${connection.url} takes ${contextLength}; truncate, or start it with a longer context`,
    );
  const sent = { [form]: input[form] };
  const answer = await requestJson(connection, protocol.path, { body: protocol.body(model, sent, activated), signal });
  try {
    return protocol.read(answer, input);
  } catch (error) {
    throw new Error(`${connection.url}${protocol.path}: ${(error as Error).message}`, { cause: error });
  }
}
