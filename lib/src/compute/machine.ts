import { accessSync, constants, statSync } from "node:fs";
import { cpus, freemem } from "node:os";
import { delimiter, join } from "node:path";
import { projectRoot } from "../files/index.ts";
import { type Engine, inspectEngines } from "./engines.ts";
import { memoryLimit } from "./limits.ts";
import { runQuietly } from "./quiet.ts";

/** A graphics card as the NVIDIA driver names it. */
export interface GraphicsCard {
  readonly name: string;
  readonly memoryMiB: number;
  readonly driver: string;
}

/** A program that is used when it is there. */
export interface Program {
  readonly name: string;
  /** absolute path of the executable, or null */
  readonly path: string | null;
  /** what it is for, and, when it is missing, what to do */
  readonly note: string;
}

/** What this machine has that basewise can use. */
export interface Machine {
  readonly node: { readonly version: string; readonly supported: boolean };
  readonly platform: string;
  readonly cpus: { readonly model: string; readonly count: number };
  readonly memoryGiB: { readonly total: number; readonly free: number };
  readonly engines: readonly Engine[];
  readonly graphicsCards: readonly GraphicsCard[];
  /** why there is no graphics card to be used; null where there is one */
  readonly noGraphicsCard: string | null;
  readonly programs: readonly Program[];
}

/**
 * Look at this machine. No network, no installation, about two seconds, for native packages are tried; whatever fails is reported as
 * missing with its reason, never thrown.
 *
 * @param root  the folder whose node_modules hold the optional packages
 */
export function inspectMachine(root: string = projectRoot): Machine {
  const cards = graphicsCards();
  return {
    node: { version: process.versions.node, supported: isSupportedNode(process.versions.node) },
    platform: `${process.platform} ${process.arch}`,
    cpus: { model: cpus()[0]?.model.trim() ?? "unknown", count: cpus().length },
    memoryGiB: { total: gibibytes(memoryLimit()), free: gibibytes(Math.min(freemem(), memoryLimit())) },
    engines: inspectEngines(root),
    graphicsCards: cards.cards,
    noGraphicsCard: cards.reason,
    programs: [
      program("jupyter", "edits notebooks in a browser (npm run lab); not needed to run them"),
      program("sbatch", "Slurm: spreads a sweep over a cluster; not needed on one machine"),
    ],
  };
}

/** Whether a version of Node loads ES modules from `require`, which the notebooks need: 20.19, 22.12, 24 and later. */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
}

/** Absolute path of an executable on PATH, or null; on Windows the endings of PATHEXT are tried. */
export function findOnPath(name: string, path: string = process.env["PATH"] ?? ""): string | null {
  const endings = process.platform === "win32" ? (process.env["PATHEXT"] ?? ".EXE;.CMD").split(";") : [""];
  for (const folder of path.split(delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const file = join(folder, name + ending);
      if (isExecutable(file)) return file;
    }
  }
  return null;
}

function program(name: string, note: string): Program {
  return { name, path: findOnPath(name), note };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function graphicsCards(): { cards: GraphicsCard[]; reason: string | null } {
  const tool = findOnPath("nvidia-smi");
  if (tool === null) return { cards: [], reason: "nvidia-smi is not on PATH (no NVIDIA driver)" };
  const answer = runQuietly(tool, ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"], 1500);
  if (answer.error !== null) return { cards: [], reason: `nvidia-smi: ${answer.error}` };
  const cards = parseGraphicsCards(answer.output);
  return { cards, reason: cards.length > 0 ? null : "nvidia-smi lists no card" };
}

/** The cards in nvidia-smi's comma-separated answer: name, memory in MiB, driver, one card a line. */
export function parseGraphicsCards(text: string): GraphicsCard[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.split(",").map((cell) => cell.trim()))
    .filter((cells) => cells.length === 3 && Number(cells[1]) > 0)
    .map(([name, memory, driver]) => ({ name: name!, memoryMiB: Number(memory), driver: driver! }));
}

function gibibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * 10) / 10;
}
