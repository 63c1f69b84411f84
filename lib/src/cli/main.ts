import { Command, CommanderError } from "commander";
import { commands } from "./commands.ts";

/** A command's answer was "no" (a check failed, a notebook stopped): exit code 1, told apart from bad input, 2. */
export class AnswerIsNo extends Error {}

/** Someone pressed Ctrl-C, or the system asked us to end: exit code 130, nothing to explain. */
export class Interrupted extends Error {}

/** Run the program with the words after its name. @returns the exit code: 0 done, 1 it ran and the answer is no, 2 bad input, 130 interrupted. */
export async function run(words: readonly string[]): Promise<number> {
  const program = new Command("basewise")
    .description("Which base model should a reward model start from?")
    .configureOutput({ outputError: (text, write) => write(`${inOneLine(text)}; add --help for usage\n`) })
    .exitOverride();
  for (const register of commands) register(program); // they inherit both settings
  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof AnswerIsNo) {
      if (error.message) console.error(error.message);
      return 1;
    }
    if (error instanceof Interrupted) return 130;
    console.error(`basewise: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env["BASEWISE_DEBUG"]) console.error(error);
    return 2;
  }
}

/** What commander says of a wrong command line, `error: …` in one line or several, as our own errors look. */
function inOneLine(text: string): string {
  return `basewise: ${text
    .replace(/^error: /, "")
    .trim()
    .replace(/\.?\s*\n\s*/g, " ")
    .replace(/\.$/, "")}`;
}

/**
 * `basewise … | head` is no error. A command that listens to SIGTERM, as it has something to save, is told to end by it; others end at once.
 */
export function endWhenNobodyReads(): void {
  let told = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (told) return;
    told = true;
    if (!process.emit("SIGTERM")) process.exit(0);
  });
}
