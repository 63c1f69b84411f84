import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { writeWhole } from "../files/index.ts";
import { indexFile, isInnerPath, singleFile } from "./checkpoint.ts";

/**
 * A repository's folder in the cache that all Hugging Face tools share:
 * `models--org--name/{blobs/ETAG, refs/REVISION, snapshots/COMMIT/FILE → ../../blobs/ETAG}` (datasets-- for a dataset).
 */
export interface RepositoryCache {
  readonly folder: string;
  /** where a file's content lies, by its ETag */
  blob(etag: string): string;
  /** where processes agree on who fetches a blob */
  lock(etag: string): string;
  /** the folder of a commit; its files are links to blobs */
  snapshot(commit: string): string;
  /** the commit that a revision (branch, tag, or a commit itself) stood for when it was last asked for */
  commitOf(revision: string): string | undefined;
  remember(revision: string, commit: string): void;
  /** make a blob a file of a commit */
  link(commit: string, file: string, etag: string): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The usual cache folder: HF_HUB_CACHE, else `hub` in HF_HOME, else ~/.cache/huggingface/hub. */
export function usualCacheFolder(environment: Environment = process.env): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = environment;
  return inHome(HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(hubHome(environment), "hub"));
}

/** The token of HF_TOKEN, else of the file where `hf auth login` leaves it. */
export function usualToken(environment: Environment = process.env): string | undefined {
  const file = inHome(environment["HF_TOKEN_PATH"] || join(hubHome(environment), "token"));
  const token = environment["HF_TOKEN"]?.trim() || (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  return token || undefined;
}

function hubHome({ HF_HOME, XDG_CACHE_HOME }: Environment): string {
  return inHome(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"));
}

function inHome(path: string): string {
  return path.replace(/^~(?=$|[\\/])/, () => homedir());
}

/** The cache of one repository. Ids, commits, ETags and revisions become file names here, so they are checked here. */
export function repositoryCache(cacheFolder: string, kind: "models" | "datasets", id: string): RepositoryCache {
  const name = `${kind}--${id.replaceAll("/", "--")}`;
  const folder = join(cacheFolder, name);
  const blobName = (etag: string): string => checked(etag, /^\w[\w.-]{0,127}$/, "an ETag");
  const blob = (etag: string): string => join(folder, "blobs", blobName(etag));
  const snapshot = (commit: string): string => join(folder, "snapshots", checked(commit, commitName, "a commit"));
  const ref = (revision: string): string => join(folder, "refs", ...revision.split("/"));
  return {
    folder,
    blob,
    snapshot,
    lock: (etag) => join(cacheFolder, ".locks", name, `${blobName(etag)}.basewise`),
    commitOf(revision) {
      if (existsSync(ref(revision))) return checked(readFileSync(ref(revision), "utf8").trim(), commitName, "a commit");
      return commitName.test(revision) && existsSync(snapshot(revision)) ? revision : undefined;
    },
    remember(revision, commit) {
      if (revision !== commit) writeWhole(ref(revision), commit);
    },
    link(commit, file, etag) {
      const path = join(snapshot(commit), ...file.split("/"));
      mkdirSync(dirname(path), { recursive: true });
      try {
        symlinkSync(relative(dirname(path), blob(etag)), path);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return; // another process was faster
        linkSync(blob(etag), path); // Windows asks for a right to make symbolic links
      }
    },
  };
}

const commitName = /^[0-9a-f]{7,64}$/;

/** Whether a revision may be a branch, a tag or a commit: "main", "v1.0", "refs/pr/3". */
export function isRevision(revision: string): boolean {
  return isInnerPath(revision) && /^[\w./-]{1,200}$/.test(revision);
}

function checked(value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new Error(`${JSON.stringify(value.slice(0, 80))} is not ${what}; nothing is written under that name`);
}

/** The first file that a snapshot lacks to be a model, or undefined. */
export function missingFile(snapshot: string): string | undefined {
  const lacks = (name: string): boolean => !existsSync(join(snapshot, ...name.split("/")));
  if (lacks("config.json")) return "config.json";
  if (!lacks(singleFile)) return undefined;
  if (lacks(indexFile)) return singleFile;
  return shardsOf(readFileSync(join(snapshot, indexFile), "utf8")).find(lacks);
}

/** The files that an index names. @throws where one leads out of the folder, or the index is none */
export function shardsOf(index: string): string[] {
  let map: unknown;
  try {
    map = (JSON.parse(index) as { weight_map: unknown }).weight_map;
  } catch {
    throw new Error(`${indexFile} is not JSON`);
  }
  const names = [...new Set(Object.values(map ?? {}))];
  for (const name of names) {
    const fine = typeof name === "string" && name.endsWith(".safetensors") && isInnerPath(name);
    if (!fine) throw new Error(`${indexFile} names ${JSON.stringify(name)?.slice(0, 80)}, not a safetensors file of this folder`);
  }
  if (names.length === 0) throw new Error(`${indexFile} names no file`);
  return names as string[];
}
