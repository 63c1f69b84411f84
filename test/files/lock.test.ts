import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { takeLock } from "basewise/files";

const room = mkdtempSync(join(tmpdir(), "basewise-lock-"));
after(() => rmSync(room, { recursive: true }));

describe("takeLock", () => {
  it("is one process's until it gives it back", () => {
    const lock = join(room, "new", "work.lock");
    const giveBack = takeLock(lock);
    throws(() => takeLock(lock), new RegExp(`another basewise run \\(process ${process.pid}\\) is at work .*work\\.lock`));
    giveBack();
    ok(!existsSync(lock));
    takeLock(lock)();
  });

  it("takes over what a process left that is gone", () => {
    const lock = join(room, "left.lock");
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lock, String(pid));
    const giveBack = takeLock(lock);
    throws(() => takeLock(lock), new RegExp(`process ${process.pid}`));
    giveBack();
    deepEqual(readdirSync(room), ["new"]);
    equal(existsSync(lock), false);
  });
});
