import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { indexFile, isInnerPath, singleFile } from "./checkpoint.ts";
import { isRevision, missingFile, type RepositoryCache, repositoryCache, shardsOf, usualCacheFolder, usualToken } from "./hub-cache.ts";
import { download, fileFacts } from "./hub-download.ts";
import { type HubConnection, Refused, requestJson, Unreachable } from "./hub-http.ts";
import { withLock } from "./hub-lock.ts";
import { isObject } from "./safetensors-header.ts";

/** Where and how to get a model or a dataset. All fields have the usual defaults of Hugging Face tools. */
export interface HubOptions {
  /** branch, tag or commit; default "main" */
  readonly revision?: string | undefined;
  /** use the cache only; default: whether HF_HUB_OFFLINE is set */
  readonly offline?: boolean | undefined;
  /** default: HF_TOKEN, else the file that `hf auth login` wrote */
  readonly token?: string | undefined;
  /** default: HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub */
  readonly cacheDir?: string | undefined;
  /** default: HF_ENDPOINT, else https://huggingface.co */
  readonly endpoint?: string | undefined;
  /** first pause before a retry, ms; default 500 */
  readonly pause?: number | undefined;
  /** silence after which a connection counts as dead, ms; default 30,000 */
  readonly patience?: number | undefined;
  /** told while a file is on its way: bytes that are there, and in all (undefined where the hub does not say) */
  readonly onProgress?: ((file: string, received: number, size: number | undefined) => void) | undefined;
  /** told in one line what deserves to be known, e.g. that the cache stands in for an unreachable hub */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** Small files that a model needs beside its weights, where the hub has them. */
const smallFiles = [
  ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["chat_template.jinja", "chat_template.json"],
];

/**
 * The folder of a model: a folder as it is, a hub name ("Qwen/Qwen2.5-0.5B") by way of the cache that all Hugging Face tools share.
 * Only what a model needs is fetched: configuration, tokenizer and template, safetensors. An interrupted download goes on where it stopped;
 * size and hash are checked; every file appears whole or not at all.
 *
 * @returns a folder for `openCheckpoint`
 * @throws one line: no such folder or model, gated (how to get access), only pickles, not in the cache when offline, hub out of reach
 * @example await resolveModel("Qwen/Qwen2.5-0.5B", { revision: "main" })
 */
export async function resolveModel(idOrFolder: string, options: HubOptions = {}): Promise<string> {
  if (statSync(idOrFolder, { throwIfNoEntry: false })?.isDirectory()) return resolve(idOrFolder);
  if (!isHubName(idOrFolder))
    throw new Error(`${idOrFolder}: no such folder, and not a name of the hub; check the path, or give a name like Qwen/Qwen2.5-0.5B`);
  return snapshotOf("models", idOrFolder, { missing: missingFile, fetch: fetchModel }, options);
}

/**
 * The folder of a model's tokenizer, without its weights, by the same rules as `resolveModel`: for whoever lets a server compute.
 *
 * @returns a folder for `loadTokenizer`
 */
export async function resolveTokenizer(idOrFolder: string, options: HubOptions = {}): Promise<string> {
  if (statSync(idOrFolder, { throwIfNoEntry: false })?.isDirectory()) return resolve(idOrFolder);
  if (!isHubName(idOrFolder))
    throw new Error(`${idOrFolder}: no such folder, and not a name of the hub; check the path, or give a name like Qwen/Qwen2.5-0.5B`);
  const needs: Needs = {
    missing: (folder) => (existsSync(join(folder, "tokenizer.json")) ? undefined : "tokenizer.json"),
    async fetch(names, fetchFile) {
      if (!names.has("tokenizer.json")) throw new Error("has no tokenizer.json; give a folder or a name that has one");
      for (const name of smallFiles) if (names.has(name)) await fetchFile(name);
    },
  };
  return snapshotOf("models", idOrFolder, needs, options);
}

/**
 * Files of a dataset repository ("nvidia/HelpSteer2"), by way of the same cache, with the same care as a model's.
 *
 * @param choose  picks, from the names of all files of the repository (with / between folders), those that are needed; it may throw
 * @returns       paths of the chosen files, in the order chosen
 * @throws one line: no such dataset, gated, not in the cache when offline, hub out of reach, nothing chosen
 * @example await resolveDataset("nvidia/HelpSteer2", (names) => names.filter((name) => name === "train.jsonl.gz"))
 */
export async function resolveDataset(
  id: string,
  choose: (names: readonly string[]) => readonly string[],
  options: HubOptions = {},
): Promise<string[]> {
  if (!isHubName(id)) throw new Error(`${id}: not a name of the hub; give one like nvidia/HelpSteer2`);
  const chosen = (names: readonly string[]): readonly string[] => choose(names.filter(isInnerPath));
  const needs: Needs = {
    missing: (folder) => (chosen(filesOf(folder)).length === 0 ? "a file of it that would do" : undefined),
    async fetch(names, fetchFile) {
      const wanted = chosen([...names].map(String));
      if (wanted.length === 0) throw new Error("has no file that would do");
      for (const name of wanted) await fetchFile(name);
    },
  };
  const folder = await snapshotOf("datasets", id, needs, options);
  return chosen(filesOf(folder)).map((name) => join(folder, ...name.split("/")));
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true }).map((name) => String(name).split(sep).join("/"));
  return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile()).sort();
}

/** The two kinds of repositories that are read here, as the hub's addresses and the cache's folders call them. */
type Kind = "models" | "datasets";

interface Repository {
  readonly kind: Kind;
  readonly id: string;
  readonly revision: string;
  readonly cache: RepositoryCache;
}

/** What is needed of a repository. */
interface Needs {
  /** what a folder of the cache lacks, or undefined */
  missing(folder: string): string | undefined;
  /** fetch it all, given the names of the repository's files */
  fetch(names: ReadonlySet<unknown>, fetchFile: (name: string) => Promise<void>, folder: string, page: Page): Promise<void>;
}

/** Where people look at a repository. */
interface Page {
  readonly endpoint: string;
  readonly url: string;
}

async function snapshotOf(kind: Kind, id: string, needs: Needs, options: HubOptions): Promise<string> {
  const revision = options.revision ?? "main";
  if (!isRevision(revision)) throw new Error(`${id}: ${JSON.stringify(revision)} is no revision; give a branch, a tag or a commit`);
  const cache = repositoryCache(options.cacheDir ?? usualCacheFolder(), kind, id);
  const repository: Repository = { kind, id, revision, cache };
  if (options.offline ?? isSet(process.env["HF_HUB_OFFLINE"])) {
    const [folder, fault] = cachedSnapshot(repository, needs);
    if (fault) throw new Error(`${id}: ${fault}, and offline is asked for; fetch it once with the network`);
    return folder;
  }
  try {
    return await fetchSnapshot(repository, needs, options);
  } catch (error) {
    if (error instanceof Unreachable || (error instanceof Refused && error.status >= 500)) {
      return insteadOfHub(repository, needs, error, options);
    }
    throw new Error(`${id}: ${error instanceof Refused ? refusal(repository, error, connection(options)) : (error as Error).message}`);
  }
}

/** Where a repository lies at the hub: models at the root, datasets in a folder of their own. */
function pageOf({ kind, id }: Repository, { endpoint }: HubConnection): string {
  return kind === "models" ? `${endpoint}/${id}` : `${endpoint}/${kind}/${id}`;
}

/** "name" or "owner/name", by the hub's rules. */
function isHubName(id: string): boolean {
  return /^[\w.-]{1,96}(\/[\w.-]{1,96})?$/.test(id) && !/(^|\/)[.-]|[.-](\/|$)|--|\.\./.test(id);
}

function isSet(flag: string | undefined): boolean {
  return ["1", "true", "yes", "on"].includes((flag ?? "").toLowerCase());
}

function connection(options: HubOptions): HubConnection {
  const endpoint = (options.endpoint ?? (process.env["HF_ENDPOINT"] || "https://huggingface.co")).replace(/\/+$/, "");
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint))
    throw new Error(`HF_ENDPOINT is "${endpoint}"; an address like https://huggingface.co is needed`);
  return { endpoint, token: options.token ?? usualToken(), pause: options.pause ?? 500, patience: options.patience ?? 30_000 };
}

/** The folder that the cache has for a revision, and what is wrong with it. */
function cachedSnapshot({ revision, cache }: Repository, needs: Needs): [folder: string, fault: string | undefined] {
  const commit = cache.commitOf(revision);
  if (!commit) return ["", `revision ${revision} is not in the cache (${cache.folder})`];
  const folder = cache.snapshot(commit);
  const missing = needs.missing(folder);
  return [folder, missing && `${missing} is not in the cache (${folder})`];
}

function insteadOfHub(repository: Repository, needs: Needs, error: Error, options: HubOptions): string {
  const { id } = repository;
  const [folder, fault] = cachedSnapshot(repository, needs);
  if (fault) throw new Error(`${id}: ${error.message}, and ${fault}; try again, what has come is kept`);
  options.onNotice?.(`${id}: ${error.message}; using the copy in ${folder}`);
  return folder;
}

/** Ask which commit and which files there are, and fetch those that are needed and that the cache lacks. */
async function fetchSnapshot(repository: Repository, needs: Needs, options: HubOptions): Promise<string> {
  const { kind, id, revision, cache } = repository;
  const hub = connection(options);
  const facts = await requestJson(hub, `${hub.endpoint}/api/${kind}/${id}/revision/${encodeURIComponent(revision)}`);
  const { commit, names } = listing(facts);
  const folder = cache.snapshot(commit);
  const page: Page = { endpoint: hub.endpoint, url: pageOf(repository, hub) };
  await needs.fetch(names, (name) => fetchInto(repository, hub, commit, name, options), folder, page);
  cache.remember(revision, commit);
  return folder;
}

/** A model's files; the weights last, so that what has weights is whole. */
async function fetchModel(
  names: ReadonlySet<unknown>,
  fetchFile: (name: string) => Promise<void>,
  folder: string,
  page: Page,
): Promise<void> {
  const weights = [singleFile, indexFile].find((name) => names.has(name));
  if (!names.has("config.json")) throw new Error("has no config.json; it is not a model that transformers could load");
  if (!weights) throw new Error(noSafetensors(page, names));
  for (const name of smallFiles) if (names.has(name)) await fetchFile(name);
  await fetchFile(weights);
  if (weights === indexFile) {
    for (const shard of shardsOf(await readFile(join(folder, indexFile), "utf8"))) await fetchFile(shard);
  }
}

/** The commit and the file names of the hub's answer. The names are only compared with those that we want: none becomes a path by itself. */
function listing(facts: unknown): { commit: string; names: Set<unknown> } {
  const { sha, siblings } = isObject(facts) ? facts : {};
  if (typeof sha !== "string" || !Array.isArray(siblings))
    throw new Error("the hub's answer names no commit and files; is HF_ENDPOINT a hub?");
  return { commit: sha, names: new Set(siblings.map((file: unknown) => (isObject(file) ? file["rfilename"] : undefined))) };
}

async function fetchInto(repository: Repository, hub: HubConnection, commit: string, name: string, options: HubOptions): Promise<void> {
  const { cache } = repository;
  if (existsSync(join(cache.snapshot(commit), ...name.split("/")))) return; // a commit never changes
  const url = `${pageOf(repository, hub)}/resolve/${commit}/${name.split("/").map(encodeURIComponent).join("/")}`;
  const facts = await fileFacts(hub, url);
  const blob = cache.blob(facts.etag);
  try {
    await withLock(cache.lock(facts.etag), async () => {
      if (existsSync(blob)) return; // another revision has the same file, or another process was faster
      await download(hub, url, blob, facts, (bytes) => options.onProgress?.(name, bytes, facts.size));
    });
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    throw new Error(`${name}: ${(error as Error).message}`);
  }
  cache.link(commit, name, facts.etag);
}

function noSafetensors({ endpoint, url }: Page, names: ReadonlySet<unknown>): string {
  if (![...names].some((name) => /^pytorch_model.*\.bin/.test(String(name)))) return `has neither ${singleFile} nor ${indexFile}`;
  return (
    "has only pickles (pytorch_model.bin), which may run any code when they are opened; see whether a revision has safetensors " +
    `(${url}/discussions; then --revision refs/pr/N), or convert it at ${endpoint}/spaces/safetensors/convert`
  );
}

/** What a refusal means, and what to do. */
function refusal(repository: Repository, { status, code, message }: Refused, hub: HubConnection): string {
  const { endpoint, token } = hub;
  const { revision } = repository;
  const page = pageOf(repository, hub);
  const gated = code === "GatedRepo" || status === 403;
  if (gated && !token) return `is gated; accept its terms at ${page}, and set HF_TOKEN to a token of your account`;
  if (gated)
    return `is gated, and the account of HF_TOKEN has no access; accept its terms at ${page}, and let the token read gated repositories`;
  if (code === "RevisionNotFound") return `has no revision ${revision}; see ${page}/commits/main`;
  if (status === 401 && token && code !== "RepoNotFound")
    return `the hub does not take the token; renew HF_TOKEN at ${endpoint}/settings/tokens`;
  if (status === 401)
    return "no such folder, and on the hub it is private or not there; check the name, or set HF_TOKEN to a token that may read it";
  if (status === 404 && code !== "EntryNotFound")
    return `no such folder, and not on the hub (${page}); check the name and the revision ${revision}`;
  return `${message}; try again later`;
}
