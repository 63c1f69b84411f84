import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** SHA-256 of some texts and bytes, told apart from each other by their lengths. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\n`).update(part);
  return hash.digest("hex");
}

/** SHA-256 of a file's content, of the names in a folder, or "absent". */
export function hashOfFile(path: string): string {
  try {
    if (statSync(path).isDirectory()) return hashOf(...readdirSync(path).sort());
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return "absent";
  }
}

/** SHA-256 of the names and contents of a folder's files whose names end as given. */
export function hashOfFolder(folder: string, ending: string): string {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(ending))
    .sort();
  return hashOf(...files.flatMap((file) => [file.split(sep).join("/"), readFileSync(join(folder, file))]));
}
