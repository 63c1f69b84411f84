import { setTimeout as sleep } from "node:timers/promises";
import { connectionFailure, passingStatuses } from "../files/index.ts";

/** How to talk to the hub. */
export interface HubConnection {
  /** e.g. https://huggingface.co */
  readonly endpoint: string;
  readonly token?: string | undefined;
  /** first pause before a retry, ms; doubled each time */
  readonly pause: number;
  /** silence after which a connection counts as dead, ms */
  readonly patience: number;
}

/** The hub could not be reached, or broke off: what is in the cache may still do. */
export class Unreachable extends Error {
  /** whether it is worth trying again: there was a connection, and it broke */
  readonly passing: boolean;
  constructor(message: string, passing: boolean) {
    super(message);
    this.passing = passing;
  }
}

/** The hub answered, and the answer is no. */
export class Refused extends Error {
  readonly status: number;
  /** the hub's own word for it: "GatedRepo", "EntryNotFound", … */
  readonly code: string;
  constructor(status: number, code: string, url: URL) {
    super(`${url.origin}${url.pathname} answered ${status}${code ? ` (${code})` : ""}`);
    this.status = status;
    this.code = code;
  }
}

const attempts = 5;

/**
 * Try up to five times, with growing random pauses so that the tasks of a cluster do not return all at once.
 * Only what may pass is tried again: broken connections, answers 408, 429 and 5xx.
 *
 * @param progressed  says whether the last try got anywhere; then the count starts again
 */
export async function withRetries<T>(hub: HubConnection, work: () => Promise<T>, progressed: () => boolean = () => false): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof Unreachable ? error.passing : error instanceof Refused && passingStatuses.includes(error.status);
      if (progressed()) attempt = 1;
      if (!passing || attempt >= attempts) throw error;
      await sleep(hub.pause * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/**
 * One request, redirects followed. The token goes to the hub only, never on to the servers that it redirects to.
 * A HEAD stops at a redirect to another server that comes with an ETag: then it is of the file, not of the storage.
 *
 * @throws Unreachable, or Refused with the status
 */
export async function request(
  hub: HubConnection,
  method: "GET" | "HEAD",
  place: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const home = new URL(hub.endpoint).origin;
  let url = new URL(place);
  for (let hop = 0; hop < 10; hop++) {
    const all = new Headers({ "accept-encoding": "identity", "user-agent": "basewise", ...headers });
    if (hub.token && url.origin === home) all.set("authorization", `Bearer ${hub.token}`);
    const response = await send(url, { method, headers: all, redirect: "manual", signal });
    const next = response.headers.get("location");
    const answersHead = method === "HEAD" && next && new URL(next, url).origin !== home && etagOf(response) !== "";
    if (response.ok || answersHead) return response;
    await response.body?.cancel();
    if (response.status < 300 || response.status >= 400 || !next) {
      throw new Refused(response.status, response.headers.get("x-error-code") ?? "", url);
    }
    const target = new URL(next, url);
    const safe = target.protocol === "https:" || (target.protocol === "http:" && url.protocol === "http:");
    if (!safe) throw new Error(`${url.origin} redirects to ${target.protocol}, nothing is fetched from there`);
    url = target;
  }
  throw new Error(`${home} redirects in circles`);
}

/** A file's ETag without quotes, "" where there is none; of a file in the hub's large storage it stands in a header of its own. */
export function etagOf({ headers }: Response): string {
  return (headers.get("x-linked-etag") ?? headers.get("etag") ?? "").replace(/^W\//, "").replaceAll('"', "");
}

async function send(url: URL, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw unreachable(error, url.origin);
  }
}

/** What a failed connection has to say, in one line. */
export function unreachable(error: unknown, origin: string): Unreachable {
  const { why, unknown } = connectionFailure(error);
  return new Unreachable(`${origin} cannot be reached (${why})`, !unknown && why !== "ECONNREFUSED");
}

/** A JSON answer of the hub's interface. */
export async function requestJson(hub: HubConnection, place: string): Promise<unknown> {
  return withRetries(hub, async () => {
    const response = await request(hub, "GET", place, {}, AbortSignal.timeout(hub.patience));
    const text = await response.text().catch((error) => {
      throw unreachable(error, hub.endpoint);
    });
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Error(`${place} answered with something that is not JSON; is HF_ENDPOINT right?`);
    }
  });
}
