import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { notebookEnvironment } from "../kernel/environment.ts";
import type { Reply, Request } from "./messages.ts";

/** A reply that ends a request. */
export type Answer = Extract<Reply, { say: "executed" | "linted" | "closed" }>;

/** A process that executes one notebook. */
export interface NotebookProcess {
  /** ask one thing and wait for the answer; one request at a time. @throws when the process ends instead */
  ask(request: Request): Promise<Answer>;
  /** end it at once and wait until it is gone */
  kill(): Promise<void>;
}

/**
 * Start a process for a notebook.
 *
 * @param folder       where its cells run: the folder of the notebook, as under Jupyter
 * @param environment  variables on top of this process's own
 * @param onReply      is told everything that is shown, read and written
 */
export function startProcess(folder: string, environment: Record<string, string>, onReply: (reply: Reply) => void): NotebookProcess {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), [], {
    cwd: folder,
    env: { ...process.env, ...notebookEnvironment, ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr?.on("data", (chunk) => (lastWords = (lastWords + String(chunk)).slice(-2000)));
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  let gone: Error | undefined;
  child.on("message", (reply: Reply) => {
    if (reply.say === "executed" || reply.say === "linted" || reply.say === "closed") {
      const { resolve } = waiting!;
      waiting = undefined;
      resolve(reply);
    } else onReply(reply);
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", (code, signal) => {
      const why = lastWords
        .trim()
        .split("\n")
        .find((line) => /error|fatal/i.test(line));
      gone = new Error(`the notebook's process ended (${signal ?? `exit code ${code}`})${why ? `: ${why.trim()}` : ""}`);
      waiting?.reject(gone);
      resolve();
    });
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(gone);
        waiting = { resolve, reject };
        child.send(request);
      }),
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}
