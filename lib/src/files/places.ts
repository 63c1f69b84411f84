import { existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds `notebooks/`, `data/` and `lib/`: three levels above this compiled file. */
export const projectRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/**
 * Where generated files go: the project itself, or, in a what-if run, a folder of its own
 * (`data/derived/what-if/<hash>`), so that an experiment never touches the results.
 */
export function outputRoot(): string {
  return process.env["BASEWISE_OUTPUT_ROOT"] ?? projectRoot;
}

/** Absolute path of a generated file, given its place in the project, e.g. `figures/figure-03.svg`. */
export function outputPath(place: string): string {
  return inside(outputRoot(), place);
}

/**
 * Absolute path of a generated folder, emptied: what an earlier run left there is deleted.
 *
 * @param place  below data/derived, e.g. `data/derived/03-runs`; nothing else may be deleted
 */
export function emptyOutputFolder(place: string): string {
  const path = outputPath(place);
  if (!path.startsWith(outputPath("data/derived") + sep)) throw new Error(`${place}: is not below data/derived, so it is not emptied`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

/**
 * Absolute path of a file to read, given its place in the project, e.g. `data/derived/05-fit.csv`.
 * A what-if run reads what it wrote itself and, where it wrote nothing, the stored results.
 */
export function inputPath(place: string): string {
  const own = inside(outputRoot(), place);
  return existsSync(own) ? own : inside(projectRoot, place);
}

/** The place of a file within the project, with forward slashes on every platform; absolute when it lies outside. */
export function placeOf(path: string): string {
  const root = existsSync(projectRoot) ? realpathSync(projectRoot) : projectRoot;
  const place = relative(root, resolve(path));
  return place.startsWith("..") ? resolve(path) : place.split(sep).join("/");
}

function inside(root: string, place: string): string {
  const path = resolve(root, place);
  if (path !== root && !path.startsWith(root + sep)) {
    throw new Error(`${place}: lies outside ${root}; give a path within the project, such as figures/figure-03.svg`);
  }
  return join(path);
}
