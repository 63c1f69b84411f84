import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { cannotWrite, placeOf, recordAccess } from "../files/index.ts";
import { hexOf } from "./presence.ts";
import { minKPercents } from "./schema.ts";
import type { Session, Store } from "./session.ts";

/**
 * Write the presence scores, a row per document and model, as Parquet (zstd) or CSV, by the ending of the path: whole or not at all.
 *
 * In CSV all texts are quoted, and a name that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV injection").
 *
 * @param models  only these; default all
 * @returns rows written
 * @throws one line: another ending, a folder that cannot be written, nothing to write
 */
export async function exportPresence(store: Store, path: string, models?: readonly string[]): Promise<number> {
  const format = extname(path).toLowerCase();
  if (format !== ".parquet" && format !== ".csv")
    throw new Error(`${placeOf(path)}: ends in "${format}"; choose a name in .parquet or .csv`);
  const name = format === ".csv" ? harmless : (column: string): string => column;
  const columns = [
    ...["model", "revision", "subset"].map((column) => `${name(column)} as ${column}`),
    `token_limit, ${hexOf("document")} as document, tokens, scored, sum_logprob, mean`,
    ...["min_k", "min_k_plus_plus"].flatMap((prefix) => minKPercents.map((percent) => `${prefix}_${percent}`)),
    "text_bytes, zlib_bytes, mean / nullif(zlib_bytes, 0) as zlib_ratio, exp(-mean) as perplexity",
  ];
  const chosen = models ? `where model in (${models.map(quoted).join(", ")})` : "";
  const order = "order by model, revision, token_limit, presence.document";
  const options =
    format === ".csv" ? "format csv, header, force_quote (model, revision, subset, document)" : "format parquet, compression zstd";
  return store.use((session) => copy(session, path, `select ${columns.join(", ")} from presence ${chosen} ${order}`, options));
}

async function copy(session: Session, path: string, select: string, options: string): Promise<number> {
  const draft = `${resolve(path)}.${process.pid}.tmp`;
  try {
    makeFolder(path);
    const rows = await session.change(`copy (${select}) to ${quoted(draft)} (${options})`);
    if (rows === 0) throw new Error(`${placeOf(path)}: there are no scores to write; score some documents first`);
    renameOver(draft, path);
    recordAccess("write", path);
    return rows;
  } finally {
    if (existsSync(draft)) rmSync(draft);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function renameOver(draft: string, path: string): void {
  try {
    renameSync(draft, path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** A text of SQL. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column of texts that no spreadsheet takes for a formula. */
function harmless(column: string): string {
  return `case when regexp_matches(${column}, '^[=+@\\-\\t\\r]') then '''' || ${column} else ${column} end`;
}
