import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in for the hub's HTTP: the listing of a revision, HEAD and GET of files, large ones redirected to another server. */
export interface HubStub {
  readonly endpoint: string;
  readonly commit: string;
  /** every request: "GET /path", with what came in its Range and Authorization headers; `storage` where it went to the other server */
  readonly requests: { line: string; range?: string; token?: string; storage: boolean }[];
  /** what the hub has; names ending in .safetensors lie on the storage server */
  files: Record<string, Buffer>;
  /** change the answer to a request: return true when it is answered */
  meddle: (request: IncomingMessage, response: ServerResponse, storage: boolean) => boolean;
  close(): Promise<void>;
}

export async function startHub(files: Record<string, Buffer>): Promise<HubStub> {
  const servers: Server[] = [];
  const listen = async (storage: boolean): Promise<string> => {
    const server = createServer((request, response) => {
      const { range, authorization } = request.headers;
      hub.requests.push({
        line: `${request.method} ${request.url}`,
        storage,
        ...(range && { range }),
        ...(authorization && { token: authorization }),
      });
      if (!hub.meddle(request, response, storage)) answer(request, response, storage);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const answer = (request: IncomingMessage, response: ServerResponse, storage: boolean): void => {
    const path = decodeURIComponent(request.url!);
    if (/^\/api\/(models|datasets)\/org\/tiny\/revision\//.test(path)) {
      const known = ["main", "refs/pr/1", hub.commit].includes(path.split("/revision/")[1]!);
      if (!known) return void response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end();
      return void response.end(JSON.stringify({ sha: hub.commit, siblings: Object.keys(hub.files).map((rfilename) => ({ rfilename })) }));
    }
    const name = path.match(/^(?:\/datasets)?\/org\/tiny\/resolve\/\w+\/(.*)$/)?.[1];
    const file = name === undefined ? undefined : hub.files[name];
    if (!file) return void response.writeHead(404, { "x-error-code": path.startsWith("/api") ? "RepoNotFound" : "EntryNotFound" }).end();
    const large = name!.endsWith(".safetensors");
    if (large && !storage) {
      const headers = { "x-linked-etag": `"${sha256(file)}"`, "x-linked-size": file.length, location: storageServer + request.url };
      return void response.writeHead(302, headers).end();
    }
    const from = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
    if (from > 0 && from >= file.length) return void response.writeHead(416).end();
    const headers: Record<string, string | number> = {
      etag: `"${large ? "storage" : gitHash(file)}"`,
      "content-length": file.length - from,
    };
    if (from > 0) headers["content-range"] = `bytes ${from}-${file.length - 1}/${file.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    response.end(request.method === "HEAD" ? undefined : file.subarray(from));
  };
  const storageServer = await listen(true);
  const hub: HubStub = {
    endpoint: await listen(false),
    commit: "0123456789abcdef0123456789abcdef01234567",
    requests: [],
    files,
    meddle: () => false,
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
  return hub;
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** git's hash of a file. */
export function gitHash(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
