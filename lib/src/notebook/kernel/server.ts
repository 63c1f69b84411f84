import { type CellError, openSession } from "./session.ts";
import { captureStreams } from "./streams.ts";
import { loadTslab } from "./tslab.ts";

/** A message of Jupyter's protocol, as tslab keeps it (https://jupyter-client.readthedocs.io/en/stable/messaging.html). */
interface Message {
  header: { msg_type: string };
  content: ExecuteRequest & Record<string, unknown>;
  createReply(): Message;
  signAndSend(key: string, socket: unknown): void;
}

interface ExecuteRequest {
  code: string;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
}

/** How long requests that are on their way when a cell fails may take to arrive and be aborted with the rest. */
const abortWindow = 50; // milliseconds

/**
 * Answer Jupyter on the sockets that the connection file names. tslab's server does all but execution: it sends no
 * `execute_input` and no `error` message, and answers queued requests with a status that the protocol does not have
 * (`nbconvert --allow-errors` takes that for success), so execution is done here.
 */
export function startServer(connectionFile: string): void {
  const { jupyter } = loadTslab();
  const session = openSession(process.cwd());
  const queue = new ExecuteQueue();
  let count = 0;
  let parent: { message: Message; publish: Publish } | undefined;

  captureStreams((name, text) => parent?.publish(parent.message, "stream", { name, text }));
  jupyter.lastWriteDisplayData = (content, update) => {
    parent?.publish(parent.message, update ? "update_display_data" : "display_data", content);
  };

  class Server extends jupyter.ZmqServer {
    async handleExecute(socket: unknown, message: Message): Promise<void> {
      const publish: Publish = (request, type, content) => send(request, type, content, this.iopub, this.connInfo.key);
      const answer = await queue.add(message.content, async (request) => {
        parent = { message, publish };
        if (!request.silent && request.store_history !== false) count += 1;
        if (!request.silent) publish(message, "execute_input", { code: request.code, execution_count: count });
        const error = request.code.trim() === "" ? undefined : await session.execute(request.code);
        if (error && !request.silent) publish(message, "error", inJupyterWords(error));
        return error;
      });
      const outcome =
        answer === "aborted" ? { status: "aborted" } : answer ? { status: "error", ...inJupyterWords(answer) } : { status: "ok" };
      const content = { ...outcome, execution_count: count, payload: [], user_expressions: {} };
      send(message, "execute_reply", content, socket, this.connInfo.key);
    }
  }

  // Completion and inspection stay tslab's.
  const server = new Server(new jupyter.JupyterHandlerImpl(session, false), connectionFile);
  process.on("SIGINT", () => session.interrupt());
  server.init();
}

type Publish = (request: Message, type: string, content: object) => void;

function send(request: Message, type: string, content: object, socket: unknown, key: string): void {
  const reply = request.createReply();
  reply.header.msg_type = type;
  reply.content = content as Message["content"];
  reply.signAndSend(key, socket);
}

function inJupyterWords({ ename, evalue, traceback }: CellError): object {
  return { ename, evalue, traceback };
}

/** Cells one after the other; when one fails, those that were asked for before its answer are aborted. */
class ExecuteQueue {
  private tail: Promise<unknown> = Promise.resolve();
  private failures = 0;

  add(
    request: ExecuteRequest,
    run: (request: ExecuteRequest) => Promise<CellError | undefined>,
  ): Promise<CellError | "aborted" | undefined> {
    const failuresBefore = this.failures;
    const answer = this.tail.then(async () => {
      if (this.failures > failuresBefore) return "aborted";
      const error = await run(request);
      if (error && request.stop_on_error !== false) {
        await new Promise((resolve) => setTimeout(resolve, abortWindow));
        this.failures += 1;
      }
      return error;
    });
    this.tail = answer.catch(() => {});
    return answer;
  }
}
