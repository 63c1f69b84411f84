import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, recordAccess } from "../files/index.ts";

/** A chapter of the book, written or planned. */
export interface Chapter {
  /** "04" */
  readonly number: string;
  /** of the paper */
  readonly section: string;
  readonly regenerates: string;
}

/** The chapters in the order of the paper. */
export const chapters: readonly Chapter[] = [
  { number: "00", section: "", regenerates: "the map, this machine, how to make a what-if" },
  { number: "01", section: "1", regenerates: "Figure 1, the abstract's claims" },
  { number: "02", section: "2", regenerates: "charts of RRM, ReasonFlux-PRM, Step-DPO, Kimi k1.5" },
  { number: "03", section: "3.1, 3.2", regenerates: "equations 1–7, both ways of training, live" },
  { number: "04", section: "3.3, C, D", regenerates: "Figure 2, Tables 3–5" },
  { number: "05", section: "4.1, B", regenerates: "equations 8, 9, Table 2, Figures 3, 4, 9" },
  { number: "06", section: "4.2", regenerates: "Figures 5, 6, 10" },
  { number: "07", section: "5.1", regenerates: "Table 1" },
  { number: "08", section: "5.2", regenerates: "equation 10, Figures 7, 8" },
  { number: "09", section: "A", regenerates: "agreement by majority vote, sampling noise of every score" },
  { number: "10", section: "E", regenerates: "Figure 11" },
  { number: "11", section: "F", regenerates: "Figures 12, 13" },
  { number: "12", section: "G", regenerates: "what the full study costs" },
  { number: "13", section: "all", regenerates: "the ledger of all claims" },
  { number: "14", section: "", regenerates: "a prediction for your own candidates" },
];

/** A chapter and what of it is there. */
export interface ChapterState extends Chapter {
  /** the file's name; null where the chapter is still to be written */
  readonly file: string | null;
  /** its heading; null likewise */
  readonly title: string | null;
}

/**
 * The map of the book: all chapters, and the notebooks that exist.
 *
 * Of what is read here only the folder's names are recorded as a dependency: the notebooks' outputs change with every run.
 *
 * @throws when a notebook's number is in no chapter, or it does not begin with "# NN · title"
 */
export function bookMap(folder: string = join(projectRoot, "notebooks")): ChapterState[] {
  recordAccess("read", folder);
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
        .sort()
    : [];
  const stray = files.find((file) => !chapters.some((chapter) => file.startsWith(`${chapter.number}-`)));
  if (stray) throw new Error(`bookMap: ${stray} is in no chapter; add it to lib/src/notebook/book.ts`);
  return chapters.map((chapter) => {
    const file = files.find((name) => name.startsWith(`${chapter.number}-`)) ?? null;
    return { ...chapter, file, title: file === null ? null : headingOf(join(folder, file), file) };
  });
}

function headingOf(path: string, file: string): string {
  const { cells } = JSON.parse(readFileSync(path, "utf8")) as { cells: { source: string | string[] }[] };
  const first = [cells[0]?.source ?? ""].flat().join("").split("\n")[0]!;
  const found = /^# \d\d · (.+)$/.exec(first);
  if (!found) throw new Error(`bookMap: ${file} begins with "${first.slice(0, 40)}"; begin with "# ${file.slice(0, 2)} · title"`);
  return found[1]!;
}
