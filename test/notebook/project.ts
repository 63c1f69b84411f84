import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const checkout = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A code cell of a made-up notebook: its source, or tags and source. */
export type Cell = string | { tags: string[]; source: string };

/**
 * A small project of its own within the checkout, where packages can be found, with a copy of lib as it is now (a build during the
 * tests would make its notebooks stale). It is deleted after the tests.
 */
export class Project {
  readonly root: string;

  constructor(name: string) {
    this.root = join(checkout, ".cache", `test-${name}-${process.pid}`);
    rmSync(this.root, { recursive: true, force: true });
    mkdirSync(join(this.root, "notebooks"), { recursive: true });
    for (const part of ["bin", "dist", "package.json"])
      cpSync(join(checkout, "lib", part), join(this.root, "lib", part), { recursive: true });
    mkdirSync(join(this.root, "node_modules"));
    symlinkSync(join(this.root, "lib"), join(this.root, "node_modules", "basewise"), "junction");
    const nested = join(checkout, "lib", "node_modules");
    if (existsSync(nested)) symlinkSync(nested, join(this.root, "lib", "node_modules"), "junction");
    after(() => rmSync(this.root, { recursive: true, force: true }));
  }

  path(place: string): string {
    return join(this.root, ...place.split("/"));
  }

  write(place: string, text: string): void {
    mkdirSync(dirname(this.path(place)), { recursive: true });
    writeFileSync(this.path(place), text);
  }

  read(place: string): string {
    return readFileSync(this.path(place), "utf8");
  }

  notebook(id: string, cells: readonly Cell[]): void {
    const content = {
      cells: cells.map((cell, i) => ({
        cell_type: "code",
        execution_count: null,
        id: `cell-${i}`,
        metadata: typeof cell === "string" ? {} : { tags: cell.tags },
        outputs: [],
        source: typeof cell === "string" ? cell : cell.source,
      })),
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    };
    this.write(`notebooks/${id}.ipynb`, JSON.stringify(content));
  }

  /** Change a notebook's stored text. */
  edit(id: string, from: string, to: string): void {
    const text = this.read(`notebooks/${id}.ipynb`);
    if (!text.includes(from)) throw new Error(`${id} does not contain ${from}`);
    this.write(`notebooks/${id}.ipynb`, text.replace(from, to));
  }

  /** `basewise run …` to its end. */
  run(...words: string[]): { code: number; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, this.words(words), { encoding: "utf8" });
    return { code: status!, out: stdout, err: stderr };
  }

  /** `basewise run --json …`: the status of each notebook. */
  statuses(...words: string[]): Record<string, string> {
    const lines = this.run("--json", ...words)
      .out.trim()
      .split("\n");
    return Object.fromEntries(lines.map((line) => JSON.parse(line)).map(({ id, status }) => [id, status]));
  }

  /** `basewise run …`, left running. */
  start(...words: string[]): ChildProcess {
    const started = spawn(process.execPath, this.words(words), { stdio: "ignore" });
    after(() => started.kill("SIGKILL"));
    return started;
  }

  /** Every notebook and data file, with its content. */
  snapshot(): Record<string, string> {
    const places = ["data", "notebooks"].flatMap((folder) =>
      readdirSync(this.path(folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(this.root, join(entry.parentPath, entry.name)).replaceAll("\\", "/")),
    );
    return Object.fromEntries(places.sort().map((place) => [place, this.read(place)]));
  }

  private words(words: readonly string[]): string[] {
    return [join(this.root, "lib", "bin", "basewise.js"), "run", ...words];
  }
}
