import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";

// tslab's own sockets; @types come with it
const zmq = createRequire(import.meta.url)("zeromq") as typeof import("zeromq");

/** A message from a kernel, without its envelope. */
export interface KernelMessage {
  type: string;
  content: Record<string, unknown>;
}

/** What a kernel said to one execute request: everything published for it, then its reply. */
export interface Answer {
  published: KernelMessage[];
  reply: Record<string, unknown>;
}

/**
 * A small Jupyter front end: starts a kernel, asks it to execute cells, all sent at once as "Run All" does.
 *
 * @param command          the kernel's command line, to which the connection file is added
 * @param connectionFile   where to write it
 */
export async function executeInKernel(
  command: readonly string[],
  connectionFile: string,
  cells: readonly string[],
  options: { stopOnError?: boolean } = {},
): Promise<Answer[]> {
  const ports = await freePorts(5);
  const key = randomUUID();
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = ports;
  const names = { shell_port, iopub_port, control_port, stdin_port, hb_port };
  const connection = { ip: "127.0.0.1", transport: "tcp", key, signature_scheme: "hmac-sha256", kernel_name: "tslab", ...names };
  writeFileSync(connectionFile, JSON.stringify(connection));
  const kernel = spawn(command[0]!, [...command.slice(1), connectionFile], { stdio: "ignore" });
  const shell = new zmq.Dealer();
  const iopub = new zmq.Subscriber();
  try {
    shell.connect(`tcp://127.0.0.1:${shell_port}`);
    iopub.connect(`tcp://127.0.0.1:${iopub_port}`);
    iopub.subscribe();
    const published = new Map<string, KernelMessage[]>();
    void collect(iopub, published);
    const send = async (type: string, content: object): Promise<string> => {
      const id = randomUUID();
      await shell.send(
        frames(
          key,
          { msg_id: id, msg_type: type, session: key, username: "test", version: "5.3", date: new Date().toISOString() },
          content,
        ),
      );
      return id;
    };
    while (published.size === 0) {
      await send("kernel_info_request", {}); // until the subscription works; what is published before that is lost
      await shell.receive();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const request = {
      silent: false,
      store_history: true,
      stop_on_error: options.stopOnError ?? true,
      user_expressions: {},
      allow_stdin: false,
    };
    const ids = [];
    for (const code of cells) ids.push(await send("execute_request", { code, ...request }));
    const replies = new Map<string, Record<string, unknown>>();
    while (replies.size < ids.length) {
      const { parent, content } = parse(await shell.receive());
      replies.set(parent, content);
    }
    await new Promise((resolve) => setTimeout(resolve, 200)); // what is published travels on another socket
    return ids.map((id) => ({ published: published.get(id) ?? [], reply: replies.get(id)! }));
  } finally {
    shell.close();
    iopub.close();
    await ended(kernel);
  }
}

async function collect(iopub: InstanceType<typeof zmq.Subscriber>, into: Map<string, KernelMessage[]>): Promise<void> {
  for await (const raw of iopub) {
    const { parent, type, content } = parse(raw);
    into.set(parent, [...(into.get(parent) ?? []), { type, content }]);
  }
}

function frames(key: string, header: object, content: object): string[] {
  const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
  const signature = createHmac("sha256", key).update(parts.join("")).digest("hex");
  return ["<IDS|MSG>", signature, ...parts];
}

function parse(raw: readonly Buffer[]): { type: string; parent: string; content: Record<string, unknown> } {
  const start = raw.findIndex((frame) => frame.toString() === "<IDS|MSG>") + 2;
  const [header, parent, , content] = raw.slice(start).map((frame) => JSON.parse(frame.toString()));
  return { type: header.msg_type, parent: parent.msg_id, content };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function ended(kernel: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    kernel.on("exit", () => resolve());
    kernel.kill("SIGKILL");
    if (kernel.exitCode !== null) resolve();
  });
}
