import { setTimeout as sleep } from "node:timers/promises";
import { connectionFailure, oneLine, passingStatuses } from "../files/index.ts";
import type { Random } from "../statistics/index.ts";

/** How to talk to a server that scores. */
export interface ConnectionOptions {
  /** goes along as `Authorization: Bearer …`; else the environment's BASEWISE_SERVER_TOKEN */
  readonly token?: string | undefined;
  /** ms that one try may take, at most 300,000 */
  readonly timeout?: number | undefined;
  /** tries after the first, for what may pass: broken connections, 408, 429, 500, 502, 503, 504 */
  readonly retries?: number | undefined;
  /** ms: the first pause before a retry is between 0 and this, the second between 0 and twice this … up to a minute */
  readonly pause?: number | undefined;
  /** chooses the pauses, so that many who were sent away do not all come back at once */
  readonly random?: Random | undefined;
}

/** A server, and what its users share. */
export interface Connection {
  /** where the interface's own paths begin: no credentials, no query, no slash at its end */
  readonly url: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly retries: number;
  readonly pause: number;
  readonly random: Random;
  /** ms of `performance.now()` before which nobody sends: the server asked one of us to wait */
  waitUntil: number;
}

/** The server answered, but not with what it was asked for. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What failed may work when it is tried again. */
class Passing extends Error {
  /** ms that the server asks to wait */
  readonly wait: number | undefined;
  /** whether it sends everybody away, not just this request */
  readonly busy: boolean;
  /** what to do when it does not pass */
  readonly advice: string;
  constructor(message: string, advice: string, wait?: number, busy = false) {
    super(message);
    this.advice = advice;
    this.wait = wait;
    this.busy = busy;
  }
}

const longestPause = 60_000;
const longestWait = 600_000;
const largestAnswer = 256 * 1024 * 1024;

/**
 * Read a server's address as people give it: with or without the /v1, or the whole path of its completions.
 *
 * @throws one line: no address, another protocol than http and https, the address of a chat interface
 */
export function connect(address: string, options: ConnectionOptions = {}): Connection {
  const { timeout = 300_000, retries = 8, pause = 1_000, random = Math.random } = options;
  const token = options.token ?? process.env["BASEWISE_SERVER_TOKEN"];
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new Error("the server's token has spaces or characters that no token has; copy it again");
  const url = addressOf(address);
  const basic = Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64");
  const authorization = token ? `Bearer ${token}` : url.username ? `Basic ${basic}` : undefined;
  const path = url.pathname.replace(/\/+$/, "").replace(/(\/v1)?(\/(completions|classify|pooling|generate|predict))?$/, "");
  if (/\/chat$|\/chat\/completions$/.test(path))
    throw new Error(`${url.origin}${oneLine(path)}: a chat interface scores no given tokens; give the server's address without a path`);
  return {
    url: url.origin + path,
    query: url.search,
    headers: { "content-type": "application/json", "user-agent": "basewise", ...(authorization && { authorization }) },
    timeout: Math.min(timeout, 300_000), // Node's fetch gives up after five minutes whatever we say
    retries,
    pause,
    random,
    waitUntil: 0,
  };
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new Error(`"${oneLine(address.replace(/\/\/.*@/, "//"))}" is no address of a server; write it like http://localhost:8000`);
}

/**
 * Ask a server, and try again as long as it may help: after a random pause that doubles with each try ("full jitter"), or after the time
 * that the server names (Retry-After). A server that says it is busy makes all who share the connection wait.
 *
 * @param path  e.g. "/v1/models"
 * @param body  sent as JSON by POST; without one it is a GET
 * @returns the JSON that came, to be checked
 * @throws Refused with the status, or an error of one line that names the address, what the server says, and what to do
 */
export async function requestJson(
  server: Connection,
  path: string,
  { body, signal, retries = server.retries }: { body?: unknown; signal?: AbortSignal | undefined; retries?: number } = {},
): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    for (let wait = server.waitUntil - performance.now(); wait > 0; wait = server.waitUntil - performance.now()) {
      await pauseFor(wait + server.random() * server.pause, signal);
    }
    try {
      return await once(server, path, body, signal);
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (attempt >= retries) throw new Error(`${error.message}${attempt > 0 ? `, tried ${attempt + 1} times` : ""}; ${error.advice}`);
      const wait = error.wait ?? server.random() * Math.min(longestPause, server.pause * 2 ** attempt);
      if (wait > longestWait) throw new Error(`${error.message} and asks to wait ${Math.round(wait / 1000)} s; come back later`);
      if (error.busy) server.waitUntil = Math.max(server.waitUntil, performance.now() + wait);
      else await pauseFor(wait, signal);
    }
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => {
    throw signal?.reason;
  });
}

/** One try. */
async function once(server: Connection, path: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  signal?.throwIfAborted();
  const place = server.url + path;
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const timer = setTimeout(() => stop.abort(), server.timeout);
  try {
    const response = await fetch(place + server.query, {
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      headers: server.headers,
      redirect: "manual",
      signal: stop.signal,
    });
    const text = await textOf(response, place);
    if (!response.ok) throw refusal(response, place, text);
    return parsed(text, place);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TypeError || stop.signal.aborted) throw unanswered(error, place, stop.signal.aborted, server.timeout);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}

async function textOf(response: Response, place: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes > largestAnswer)
      throw new Error(`${place}: the answer has more than ${largestAnswer / 2 ** 20} MiB; is it the right server?`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refused(200, `${place}: the answer is not JSON ("${oneLine(text, 60)}"); is it the right server?`);
  }
}

function unanswered(error: unknown, place: string, timedOut: boolean, timeout: number): Error {
  if (timedOut)
    return new Passing(`${place}: no whole answer within ${timeout / 1000} s`, "send fewer requests at a time, or allow more time");
  const { why, unknown } = connectionFailure(error);
  if (unknown || why === "bad port") return new Error(`${place} cannot be reached (${why}); is the address right?`); // fetch keeps off some ports
  if (why === "ECONNREFUSED") return new Passing(`${place} cannot be reached (${why})`, "is the server running?");
  return new Passing(`${place}: the connection broke off (${oneLine(why)})`, "is the server still running?");
}

/** The error for an answer that is no: what the server says of it, and what to do. */
function refusal(response: Response, place: string, text: string): Error {
  const { status, headers } = response;
  const said = oneLine(messageOf(text), 300);
  const answered = `${place} answered ${status}${said && ` (${said})`}`;
  const busy = status === 429 || status === 503;
  if (passingStatuses.includes(status)) {
    const advice = busy ? "send fewer requests at a time, or try later" : "the server's log says why";
    return new Passing(answered, advice, retryAfter(headers.get("retry-after")), busy);
  }
  const redirected = status >= 300 && status < 400;
  const advice = redirected
    ? `; it redirects to ${oneLine(headers.get("location") ?? "nowhere")}: give that address`
    : status === 401 || status === 403
      ? "; give the server's token"
      : status === 404 || status === 405
        ? "; is it the right server?"
        : "";
  return new Refused(status, answered + advice);
}

/** A server's own words: OpenAI's, FastAPI's and the other servers' ways to put an error into JSON, or the text itself. */
function messageOf(text: string): string {
  try {
    const answer = JSON.parse(text) as Record<string, unknown> | null;
    const error = answer?.["error"];
    const inside = typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : error;
    const found = inside ?? answer?.["message"] ?? answer?.["detail"] ?? text;
    return typeof found === "string" ? found : JSON.stringify(found);
  } catch {
    return text.replace(/<[^>]{0,200}>/g, " ");
  }
}

/** Retry-After as ms: seconds, or a date (RFC 9110 §10.2.3). */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
