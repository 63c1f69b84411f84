import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** JSON of a shape that the test knows. */
// biome-ignore lint/suspicious/noExplicitAny: the other side of the client's checks
export type Json = any;

/** What a request was. */
export interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Json;
}

/** A server in the test: answers by a function, and breaks as the test wants. */
export interface ProtocolServer {
  readonly url: string;
  readonly asked: Asked[];
  /** requests with a body, in all and at the same time */
  posts: number;
  most: number;
  /** connections that the other side gave up */
  dropped: number;
  /** take the answer to the post with this number (from 0) in hand: true when it is answered; never called for GETs */
  meddle: (post: number, response: ServerResponse, answer: unknown) => boolean;
  /** ms that each post takes */
  delay: (post: number) => number;
  close(): Promise<void>;
}

/**
 * @param answer  the JSON for a path and a body; undefined is 404, a thrown `Status` that status
 */
export async function startServer(answer: (path: string, body: Json) => unknown): Promise<ProtocolServer> {
  let running = 0;
  const server: Server = createServer((request, response) => void handle(request, response));
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text === "" ? undefined : JSON.parse(text);
    const path = new URL(request.url!, "http://x").pathname;
    self.asked.push({ path, authorization: request.headers.authorization, body });
    const post = body === undefined ? -1 : self.posts++;
    running++;
    self.most = Math.max(self.most, running);
    response.once("close", () => {
      running--;
      if (!response.writableEnded) self.dropped++;
    });
    if (post >= 0) await new Promise((done) => setTimeout(done, self.delay(post)));
    const [status, value] = answerOf(path, body);
    if (post >= 0 && self.meddle(post, response, value)) return;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const answerOf = (path: string, body: unknown): [number, unknown] => {
    try {
      const value = answer(path, body);
      return value === undefined ? [404, { detail: "Not Found" }] : [200, value];
    } catch (error) {
      if (error instanceof Status) return [error.status, error.answer];
      throw error;
    }
  };
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const self: ProtocolServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    posts: 0,
    most: 0,
    dropped: 0,
    meddle: () => false,
    delay: () => 0,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return self;
}

/** An answer other than 200. */
export class Status extends Error {
  readonly status: number;
  readonly answer: unknown;
  constructor(status: number, answer: unknown) {
    super(String(status));
    this.status = status;
    this.answer = answer;
  }
}

/** Ways to fail that pass: what is done to one answer. */
export const passing: Readonly<Record<string, (response: ServerResponse, answer: unknown) => void>> = {
  "500 with a page": (response) => void response.writeHead(500).end("<html><body>Internal\nerror</body></html>"),
  "502 without a word": (response) => void response.writeHead(502).end(),
  "503 while it starts": (response) => void response.writeHead(503).end('{"error":{"message":"Loading model"}}'),
  "504": (response) => void response.writeHead(504).end(),
  "429 without Retry-After": (response) => void response.writeHead(429).end('{"error":"Model is overloaded","error_type":"Overloaded"}'),
  "429 with Retry-After": (response) => void response.writeHead(429, { "retry-after": "0.05" }).end(),
  "a connection that is cut before the answer": (response) => void response.socket!.destroy(),
  "a connection that is cut in the middle of the answer": (response, answer) => {
    const text = JSON.stringify(answer);
    response.writeHead(200, { "content-length": text.length });
    response.write(text.slice(0, text.length / 2), () => response.socket!.destroy());
  },
  "a chunked answer that is cut": (response, answer) => {
    const text = JSON.stringify(answer);
    response.write(text.slice(0, text.length / 2), () => response.socket!.destroy());
  },
  "no answer in time": () => {},
  "half an answer in time": (response, answer) => {
    response.write(JSON.stringify(answer).slice(0, 20));
  },
};
