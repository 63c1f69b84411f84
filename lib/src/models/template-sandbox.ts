import { createContext, Script } from "node:vm";
import { Environment, parse, tokenize } from "@huggingface/jinja";
import { strftime } from "./python.ts";
import { type Node, type Program, PythonInterpreter, type Value } from "./template-interpreter.ts";

/** What a template may cost. */
export const templateLimits: Readonly<Record<"milliseconds" | "characters" | "template" | "range", number>> = {
  milliseconds: 5_000,
  /** in all values that it computes on the way, an element of a list counting 64 */
  characters: 256 * 1024 * 1024,
  /** of the template itself */
  template: 1024 * 1024,
  /** as Jinja's own sandbox */
  range: 100_000,
};

/** The template called `raise_exception`: its author says that this conversation cannot be rendered. */
export class TemplateRefusal extends Error {}

/**
 * Parse a Jinja template as transformers does: a block's own line break and the blanks before it go.
 *
 * @throws a syntax error, or one that says that the template is too long
 */
export function parseTemplate(text: string): Program {
  if (text.length > templateLimits.template) throw new Error(`is ${text.length} characters long, more than ${templateLimits.template}`);
  return parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }));
}

/**
 * Render a template that somebody else wrote, within bounds of time and memory. It sees the values given, `range`,
 * `strftime_now` and `raise_exception`, and nothing of this program: values are copied into the interpreter's own kind, which
 * has no prototypes. (transformers: ImmutableSandboxedEnvironment, range up to 100,000.)
 *
 * @param now  what strftime_now tells
 * @throws TemplateRefusal; an error that says which bound was passed; the interpreter's error
 */
export function renderBounded(program: Program, values: Readonly<Record<string, unknown>>, now: Date): string {
  const environment = new Environment();
  const globals: Record<string, unknown> = {
    ...{ true: true, false: false, none: null, True: true, False: false, None: null },
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message));
    },
    strftime_now: (format: unknown) => strftime(now, String(format)),
    range: boundedRange,
  };
  for (const [name, value] of Object.entries({ ...globals, ...values })) environment.set(name, value);
  return within(templateLimits.milliseconds, () => String(new BoundedInterpreter(environment).run(program).value));
}

/** An interpreter that stops when the values it computed add up to too much. */
class BoundedInterpreter extends PythonInterpreter {
  private characters = 0;

  override evaluate(node: Node | undefined, environment: unknown): Value {
    const result = super.evaluate(node, environment);
    const value = result.value;
    if (typeof value === "string") this.characters += value.length;
    else if (Array.isArray(value)) this.characters += 64 * value.length;
    else if (value instanceof Map) this.characters += 64 * value.size;
    if (this.characters > templateLimits.characters) throw new Error("computes more text than any conversation needs");
    return result;
  }
}

/** Python's range, at most as long as Jinja's sandbox allows. */
function boundedRange(first: number, last?: number, step = 1): number[] {
  const [start, stop] = last === undefined ? [0, first] : [first, last];
  if (![start, stop, step].every(Number.isInteger) || step === 0) throw new Error("range() takes integers, and a step other than 0");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > templateLimits.range) throw new Error(`range() of ${length} is longer than ${templateLimits.range}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

const context = createContext({ job: undefined });
const runJob = new Script("job()");

/** Run a function, interrupted when it takes longer. The context guards nothing: it is here because scripts have a time limit. */
function within<T>(milliseconds: number, job: () => T): T {
  context["job"] = job;
  try {
    return runJob.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new Error(`ran longer than ${milliseconds / 1000} s`);
  } finally {
    context["job"] = undefined;
  }
}
