import { type Connection, type ConnectionOptions, connect, Refused, requestJson } from "./http.ts";
import { describe, identify, type ServerIdentity } from "./identity.ts";
import { likeliest, type PromptProtocol, type PromptServerKind, promptProtocols, Unscored } from "./prompt-protocols.ts";
import { type ScoreAllOptions, scoreAll } from "./score-all.ts";

export interface PromptServerOptions extends ConnectionOptions {
  /** which interface to use; by default the one that fits what the server says it is */
  readonly kind?: PromptServerKind | undefined;
  /** the model's name, where the server has several */
  readonly model?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A server that gives log-probabilities of the tokens it is sent. */
export interface PromptServer {
  readonly kind: PromptServerKind;
  /** its address, without credentials */
  readonly url: string;
  /** the name under which it serves the model */
  readonly model: string;
  readonly version: string | undefined;
  /** how the model's numbers are stored there, where it says so */
  readonly dtype: string | undefined;
  /** tokens that it takes, one generated one included, where it says so */
  readonly contextLength: number | undefined;
  /** one line for results: program, version, model, number format, address */
  readonly description: string;
  /**
   * Log-probability of every token after the first, given those before it.
   *
   * @param ids  token ids; one or none has nothing to predict, and nothing is sent
   * @returns    natural logarithms  [ids − 1]; −∞ where the server gives a token no probability at all
   * @throws one line: what the server says, or what is wrong with its numbers
   */
  score(ids: readonly number[], signal?: AbortSignal): Promise<Float32Array>;
}

/**
 * Find out what a server is, and whether it gives log-probabilities of prompts: vLLM, SGLang, or any server with OpenAI's old
 * completions and `echo`. Many do not (chat interfaces, llama.cpp's server, an `echo` that is ignored) and are refused here, before
 * anything is written.
 *
 * @param options.url  its address, e.g. http://localhost:8000
 * @throws one line: not reachable, no such model, gives no log-probabilities of prompts
 */
export async function openPromptServer(options: PromptServerOptions & { readonly url: string }): Promise<PromptServer> {
  const { signal, kind: asked, model } = options;
  const connection = connect(options.url, options);
  const identity = await identify(connection, model, signal);
  if (identity.program === "tei")
    throw new Error(`${connection.url} is text-embeddings-inference, which gives no log-probabilities; use vLLM or SGLang`);
  const kind = asked ?? (identity.program === "vllm" || identity.program === "sglang" ? identity.program : "completions");
  const protocol = promptProtocols[kind];
  await requireScores(connection, protocol, identity, signal);
  return {
    kind,
    url: connection.url,
    model: identity.model,
    version: identity.version,
    dtype: identity.dtype,
    contextLength: identity.contextLength,
    description: describe(identity, connection.url),
    score: (ids, stop) => scoreOne(connection, protocol, identity, ids, stop),
  };
}

/**
 * Log-probability of every token after the first, for any number of prompts: what `scoreTexts` computes here, from a server.
 * For more than memory holds, `inParallel(documents, 16, (document, _, signal) => server.score(document.ids, signal))` streams.
 *
 * @returns for each prompt, in the order given  [ids − 1]
 * @throws one line that begins with the prompt's number, counted from 0
 */
export function scorePrompts(
  server: PromptServer,
  prompts: readonly (readonly number[])[],
  options: ScoreAllOptions = {},
): Promise<Float32Array[]> {
  return scoreAll("prompt", prompts, (ids, signal) => server.score(ids, signal), options);
}

async function scoreOne(
  connection: Connection,
  protocol: PromptProtocol,
  { model, contextLength = Number.POSITIVE_INFINITY }: ServerIdentity,
  ids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  if (ids.length < 2) return new Float32Array(0);
  if (ids.length >= contextLength) {
    const longest = contextLength - 1;
    throw new Error(
      `${ids.length} tokens, but ${connection.url} takes ${longest} and one that it generates; take at most ${longest}, or start the server with a longer context`,
    );
  }
  const answer = await requestJson(connection, protocol.path, { body: protocol.body(model, ids), signal });
  try {
    return protocol.read(answer, ids);
  } catch (error) {
    throw new Error(`${connection.url}${protocol.path}: ${(error as Error).message}`, { cause: error });
  }
}

const probe = [1, 2, 3, 4];

/** One small request, so that a server without log-probabilities of prompts is found out at once. */
async function requireScores(
  connection: Connection,
  protocol: PromptProtocol,
  identity: ServerIdentity,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lacking = (why: string): Error =>
    new Error(
      `${describe(identity, connection.url)}: gives no log-probabilities of the prompt (${why}); ${
        identity.program === "llama.cpp" ? "llama.cpp's server never does: " : ""
      }use vLLM or SGLang, or a completions server that follows "echo" with "logprobs"`,
    );
  try {
    await scoreOne(connection, protocol, identity, probe, signal);
  } catch (error) {
    const { cause, message } = error as Error;
    if (cause instanceof Unscored) throw lacking(cause.message);
    if (error instanceof Refused && ![401, 403].includes(error.status)) throw lacking(message);
    throw error;
  }
  if (protocol === promptProtocols.completions) await requireAligned(connection, protocol, identity, signal);
}

/**
 * An `echo` that gives each token the probabilities after it instead of those before it has the right counts and wrong numbers
 * (llama-cpp-python does so without a BOS). Found out by prompts that differ in their last token only: what could have stood there
 * does not depend on what does.
 */
async function requireAligned(
  connection: Connection,
  protocol: PromptProtocol,
  { model }: ServerIdentity,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found: number[] = [];
  for (const last of [4, 5, 6, 7]) {
    const ids = [...probe.slice(0, -1), last];
    const answer = await requestJson(connection, protocol.path, { body: protocol.body(model, ids), signal });
    found.push(likeliest(answer)[ids.length - 1] ?? Number.NaN);
  }
  const spread = Math.max(...found) - Math.min(...found);
  if (!(spread < 0.1)) {
    const why = Number.isNaN(spread)
      ? "it names no likeliest tokens, so that this cannot be checked"
      : `what is likeliest there differs by ${spread.toFixed(2)}`;
    throw new Error(`${connection.url}: its log-probabilities do not belong to the tokens they stand at (${why}); use vLLM or SGLang`);
  }
}
