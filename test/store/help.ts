import { createHash } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "basewise-store-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The hash of made-up document i: 32 hexadecimal digits. */
export function documentHash(i: number): string {
  return createHash("sha256").update(`document ${i}`).digest("hex").slice(0, 32);
}
