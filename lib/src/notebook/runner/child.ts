// The process that executes one notebook for the runner: started by process.ts, told what to do by messages.
import { onFileAccess } from "../../files/index.ts";
import { openSession, type Session } from "../kernel/session.ts";
import { captureStreams } from "../kernel/streams.ts";
import { loadTslab } from "../kernel/tslab.ts";
import { hashOfFile } from "./hashes.ts";
import { lintCells } from "./lint.ts";
import type { Reply, Request } from "./messages.ts";

const say = (reply: Reply): void => {
  process.send!(reply);
};

captureStreams((name, text) => say({ say: "stream", name, text }));
onFileAccess(({ kind, path }) => {
  if (kind === "read") say({ say: "read", path, sha256: hashOfFile(path) });
  else say({ say: "write", path });
});
loadTslab().jupyter.lastWriteDisplayData = (content, update) => {
  const { data, metadata = {}, transient } = content;
  say({ say: "display", data, metadata, ...(transient?.display_id ? { id: transient.display_id } : {}), update });
};

let session: Session | undefined;
process.on("message", (request: Request) => {
  answer(request).catch((error: unknown) => {
    // the kernel itself failed, outside any cell: say so instead of leaving the runner to wait
    console.error(error instanceof Error ? error.stack : error);
    process.exit(1);
  });
});

async function answer(request: Request): Promise<void> {
  if (request.ask === "lint") return say({ say: "linted", findings: lintCells(request.cells) });
  session ??= openSession(process.cwd());
  if (request.ask === "execute") {
    const error = await session.execute(request.code);
    return say({ say: "executed", ...(error ? { error } : {}) });
  }
  const error = await session.execute(""); // what failed after the last cell
  process.send!({ say: "closed", ...(error ? { error } : {}) } satisfies Reply, () => process.exit(0));
}

process.on("SIGINT", () => {}); // the runner decides; it ends this process when it is interrupted itself
process.on("disconnect", () => process.exit(1)); // the runner is gone
say({ say: "ready" });
