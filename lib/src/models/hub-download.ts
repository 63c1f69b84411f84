import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { etagOf, type HubConnection, Refused, request, unreachable, withRetries } from "./hub-http.ts";

/** What the hub says of a file before it is fetched. */
export interface FileFacts {
  /** git's SHA-1 of a small file, SHA-256 of a large one; the name of the blob */
  readonly etag: string;
  /** bytes; undefined where the hub does not say */
  readonly size: number | undefined;
}

/** Ask the hub for a file's ETag and size. Those of large files stand in the headers of its redirect to the storage. */
export function fileFacts(hub: HubConnection, url: string): Promise<FileFacts> {
  return withRetries(hub, async () => {
    const response = await request(hub, "HEAD", url, {}, AbortSignal.timeout(hub.patience));
    const { headers } = response;
    const etag = etagOf(response);
    const length = headers.get("x-linked-size") ?? (headers.has("location") ? null : headers.get("content-length"));
    if (etag === "") throw new Error(`${url}: the hub gives no ETag; is HF_ENDPOINT a hub?`);
    return { etag, size: length !== null && /^\d+$/.test(length) ? Number(length) : undefined };
  });
}

/**
 * Fetch a file: into `blob.incomplete`, going on where an earlier try stopped, then checked and renamed. What does not have the size and
 * the hash that the hub announced is deleted, and fetched anew where it went on from an old part.
 *
 * @param received  told the number of bytes that are there, whenever more are
 */
export async function download(
  hub: HubConnection,
  url: string,
  blob: string,
  facts: FileFacts,
  received: (bytes: number) => void,
): Promise<void> {
  const draft = `${blob}.incomplete`;
  mkdirSync(dirname(blob), { recursive: true });
  const resumed = sizeOf(draft) > 0;
  let before = sizeOf(draft);
  const progressed = (): boolean => {
    const [last, now] = [before, sizeOf(draft)];
    before = now;
    return now > last;
  };
  if (facts.size === undefined || before !== facts.size)
    await withRetries(hub, () => fetchRest(hub, url, draft, facts.size, received), progressed);
  const wrong = await faultOf(draft, facts);
  if (wrong === undefined) return renameSync(draft, blob);
  rmSync(draft);
  if (resumed) return download(hub, url, blob, facts, received); // the part that was there may be the wrong one
  throw new Error(`${wrong}; the download is deleted, try again`);
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** Append what is missing to the draft; from the start where the server does not know ranges. */
async function fetchRest(
  hub: HubConnection,
  url: string,
  draft: string,
  size: number | undefined,
  received: (bytes: number) => void,
): Promise<void> {
  const have = sizeOf(draft);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), hub.patience);
  try {
    const range: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
    const response = await request(hub, "GET", url, range, silence.signal);
    const appends = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${have}-`);
    if (response.status === 206 && !appends) throw new Error(`${url}: the server sends another part than asked for`);
    const file = await open(draft, appends ? "a" : "w");
    try {
      let bytes = appends ? have : 0;
      for await (const chunk of chunksOf(response, hub.endpoint)) {
        timer.refresh();
        await file.writeFile(chunk);
        bytes += chunk.length;
        received(bytes);
        if (size !== undefined && bytes > size) break; // the check of the size will say so
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Refused && error.status === 416)) throw error;
    rmSync(draft, { force: true }); // longer than the file: not a part of it
    throw unreachable(error, hub.endpoint); // so that it is tried again, from the start
  } finally {
    clearTimeout(timer);
  }
}

async function* chunksOf(response: Response, origin: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch (error) {
    throw unreachable(error, origin);
  }
}

/** What is wrong with a finished download, or undefined. */
async function faultOf(path: string, { etag, size }: FileFacts): Promise<string | undefined> {
  const bytes = sizeOf(path);
  if (size !== undefined && bytes !== size) return `${bytes} bytes came where the hub announced ${size}`;
  if (/^[0-9a-f]{64}$/.test(etag))
    return (await hashOf(path, "sha256")) === etag ? undefined : "its SHA-256 is not the one that the hub announced";
  if (/^[0-9a-f]{40}$/.test(etag)) {
    const hash = await hashOf(path, "sha1", `blob ${bytes}\0`); // git's hash of a file
    return hash === etag ? undefined : "its git hash is not the one that the hub announced";
  }
  return undefined; // an ETag of another kind says nothing of the content
}

async function hashOf(path: string, algorithm: "sha1" | "sha256", prefix = ""): Promise<string> {
  const hash = createHash(algorithm).update(prefix);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
