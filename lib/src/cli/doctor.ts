import type { Command } from "commander";
import type { Engine, Machine } from "../compute/index.ts";
import { AnswerIsNo } from "./main.ts";

const examples = `
Examples:
  basewise doctor           what this machine has, and why something is missing
  basewise doctor --json    the same as one JSON object`;

/** `basewise doctor`: Node, processors, memory, engines, graphics cards, Jupyter, Slurm. Exit code 1 when Node is too old. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("say what this machine has: Node, engines and why one is missing, devices, Jupyter, Slurm")
    .option("--json", "one JSON object instead of text")
    .addHelpText("after", examples)
    .action(async (options: { json?: boolean }) => {
      const { inspectMachine } = await import("../compute/index.ts"); // loads TensorFlow.js, which no other command should wait for
      const machine = inspectMachine();
      console.log(options.json ? JSON.stringify(machine) : describeMachine(machine));
      if (!machine.node.supported) throw new AnswerIsNo("");
    });
}

/** The machine in lines: what, its version or "no", and why. */
export function describeMachine(machine: Machine): string {
  const lines: [string, string][] = [
    ["Node", `${machine.node.version}${machine.node.supported ? "" : "  too old or unsupported: install 20.19, 22.12, 24 or later"}`],
    ["Platform", machine.platform],
    ["Processors", `${machine.cpus.count} × ${machine.cpus.model}`],
    ["Memory", `${machine.memoryGiB.total} GiB, ${machine.memoryGiB.free} GiB free`],
    ...machine.engines.map((engine): [string, string] => [`Backend ${engine.name}`, describeEngine(engine)]),
    ...machine.graphicsCards.map((card): [string, string] => [
      "Graphics card",
      `${card.name}, ${card.memoryMiB} MiB, driver ${card.driver}`,
    ]),
    ...(machine.noGraphicsCard === null ? [] : [["Graphics card", `no  ${machine.noGraphicsCard}`] as [string, string]]),
    ...machine.programs.map((program): [string, string] => [program.name, program.path ?? `no  ${program.note}`]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}

function describeEngine(engine: Engine): string {
  if (!engine.available) return `no  ${engine.title}: ${engine.reason}`;
  const notes = [...(engine.software ? ["software"] : []), ...(engine.software || engine.whenAsked ? ["used only when asked for"] : [])];
  const device = `${engine.device === null ? "" : `, device: ${engine.device}`}${notes.length === 0 ? "" : ` (${notes.join(": ")})`}`;
  return `${engine.title} ${engine.version}${device}`;
}
