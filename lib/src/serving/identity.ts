import { oneLine } from "../files/index.ts";
import { type Connection, Refused, requestJson } from "./http.ts";
import { at, listAt, numberAt, textAt } from "./json.ts";

/** Which program a server is, as far as it says. */
export type Program = "vllm" | "sglang" | "tei" | "llama.cpp" | "other";

/** What a server says of itself; undefined is what it does not say. */
export interface ServerIdentity {
  readonly program: Program;
  readonly version: string | undefined;
  /** the name that requests give */
  readonly model: string;
  /** how the model's numbers are stored there, e.g. "bfloat16" or "fp8"; answers differ with it in the second or third decimal */
  readonly dtype: string | undefined;
  /** tokens that it takes, the generated ones included */
  readonly contextLength: number | undefined;
  /** TEI's /info */
  readonly info: unknown;
}

/**
 * Ask a server what it is: TEI has /info, SGLang /get_model_info, all but TEI /v1/models.
 *
 * @param wanted  the model, where it serves several
 * @throws one line: cannot be reached, serves several models or not this one
 */
export async function identify(server: Connection, wanted: string | undefined, signal?: AbortSignal): Promise<ServerIdentity> {
  const ask = (path: string): Promise<unknown> => optional(server, path, signal);
  const models = await ask("/v1/models");
  const info = await ask("/info");
  if (textAt(info, "model_id") !== undefined && at(info, "model_type") !== undefined) return identityOfTei(info);
  const own = (await ask("/get_model_info")) ?? (await ask("/model_info"));
  if (textAt(own, "model_path") !== undefined)
    return identityOfSglang(own, (await ask("/get_server_info")) ?? (await ask("/server_info")), models);
  const entry = chosenModel(server, listAt(models, "data"), wanted);
  const owner = textAt(entry, "owned_by");
  const program = owner === "vllm" ? "vllm" : owner === "llamacpp" ? "llama.cpp" : "other";
  return {
    program,
    version: program === "vllm" ? textAt(await ask("/version"), "version") : undefined,
    model: textAt(entry, "id") ?? wanted!,
    dtype: undefined,
    contextLength: numberAt(entry, "max_model_len") ?? numberAt(entry, "meta", "n_ctx"),
    info: undefined,
  };
}

/** One line for results. */
export function describe({ program, version, model, dtype }: ServerIdentity, url: string): string {
  const names: Record<Program, string> = {
    vllm: "vLLM",
    sglang: "SGLang",
    tei: "text-embeddings-inference",
    "llama.cpp": "llama.cpp",
    other: "a completions server",
  };
  const facts = [
    `${names[program]}${version ? ` ${oneLine(version, 30)}` : ""}`,
    oneLine(model, 120),
    ...(dtype ? [oneLine(dtype, 30)] : []),
  ];
  return `${facts.join(", ")}, at ${url}`;
}

/** An answer, or undefined where the server does not know the path. */
async function optional(server: Connection, path: string, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return await requestJson(server, path, { signal, retries: Math.min(1, server.retries) });
  } catch (error) {
    if (error instanceof Refused && ![401, 403].includes(error.status)) return undefined;
    throw error;
  }
}

function identityOfTei(info: unknown): ServerIdentity {
  return {
    program: "tei",
    version: textAt(info, "version"),
    model: textAt(info, "model_id")!,
    dtype: textAt(info, "model_dtype"),
    contextLength: numberAt(info, "max_input_length"),
    info,
  };
}

function identityOfSglang(own: unknown, about: unknown, models: unknown): ServerIdentity {
  const [dtype, quantization] = [textAt(about, "dtype"), textAt(about, "quantization")];
  return {
    program: "sglang",
    version: textAt(about, "version"),
    model: textAt(own, "model_path")!,
    dtype: quantization ?? (dtype === "auto" ? undefined : dtype),
    contextLength: numberAt(models, "data", 0, "max_model_len") ?? numberAt(about, "context_length"),
    info: undefined,
  };
}

function chosenModel(server: Connection, models: readonly unknown[], wanted: string | undefined): unknown {
  const named = models.filter((model) => textAt(model, "id") !== undefined);
  const list = named
    .map((model) => oneLine(textAt(model, "id")!))
    .join(", ")
    .slice(0, 300);
  if (wanted !== undefined) {
    const found = named.find((model) => textAt(model, "id") === wanted);
    if (found === undefined && named.length > 0) throw new Error(`${server.url} does not serve ${oneLine(wanted)}; it has ${list}`);
    return found;
  }
  const bases = named.filter((model) => textAt(model, "parent") === undefined); // adapters of a base model name it
  if (bases.length === 1) return bases[0];
  if (bases.length === 0)
    throw new Error(`${server.url} does not say which model it serves (no list at /v1/models); give the model's name (--server-model)`);
  throw new Error(`${server.url} serves several models; give one of ${list} (--server-model)`);
}
