import { Environment, Interpreter } from "@huggingface/jinja";
import { pythonStrip } from "./python.ts";

/** A value of the interpreter: its own kind, whatever is within. */
export interface Value {
  readonly type: string;
  readonly value: unknown;
  toString(): string;
}

/** What we look at in the syntax tree. */
export interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly object?: Node;
  readonly property?: Node;
  readonly operand?: Node;
  readonly filter?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly operator?: { readonly value: string };
}

/** A parsed template. */
export type Program = Node;

/** What we use of the interpreter: the package's own declarations do not resolve in Node's module system. */
interface JinjaInterpreter {
  run(program: Program): Value;
  evaluate(node: Node | undefined, environment: unknown): Value;
  evaluateBlock(nodes: readonly Node[], environment: unknown): Value;
}
const JavaScriptInterpreter = Interpreter as unknown as new (environment: unknown) => JinjaInterpreter;

/** The package's interpreter, where it differs from Python's: what `trim` and `strip` take away, what equals what, how True is written. */
export class PythonInterpreter extends JavaScriptInterpreter {
  override evaluate(node: Node | undefined, environment: unknown): Value {
    return this.stripped(node, environment) ?? this.compared(node, environment) ?? super.evaluate(node, environment);
  }

  override evaluateBlock(nodes: readonly Node[], environment: unknown): Value {
    return asValue(nodes.map((node) => textOf(this.evaluate(node, environment))).join(""));
  }

  /** The value of `text | trim`, `text.strip`, `text.lstrip` or `text.rstrip`; undefined for any other expression. */
  private stripped(node: Node | undefined, environment: unknown): Value | undefined {
    const isFilter = node?.type === "FilterExpression";
    const name = isFilter ? node.filter : node?.type === "MemberExpression" && !node.computed ? node.property : undefined;
    const names = isFilter ? ["trim"] : ["strip", "lstrip", "rstrip"];
    if (name?.type !== "Identifier" || !names.includes(String(name.value))) return undefined;
    const { value: text } = this.evaluate(isFilter ? node!.operand : node!.object, environment);
    if (typeof text !== "string") return undefined;
    const side = name.value === "lstrip" ? "left" : name.value === "rstrip" ? "right" : "both";
    const strip = (characters?: unknown): string => pythonStrip(text, typeof characters === "string" ? characters : undefined, side);
    return asValue(isFilter ? strip() : strip);
  }

  /** The value of `a == b`, `a != b` or `a ~ b`; undefined for any other expression. */
  private compared(node: Node | undefined, environment: unknown): Value | undefined {
    const operator = node?.type === "BinaryExpression" ? node.operator?.value : undefined;
    if (operator !== "==" && operator !== "!=" && operator !== "~") return undefined;
    const [left, right] = [this.evaluate(node!.left, environment), this.evaluate(node!.right, environment)];
    if (operator === "~") return asValue(textOf(left) + textOf(right));
    return asValue(equal(left, right) === (operator === "=="));
  }
}

/** A text, truth value or function as a value of the interpreter. */
function asValue(value: unknown): Value {
  return new Environment().set("value", value);
}

/** As Python writes it; nothing for None, which statements leave behind. */
function textOf(value: Value): string {
  if (value.type === "NullValue" || value.type === "UndefinedValue") return "";
  return typeof value.value === "boolean" ? (value.value ? "True" : "False") : value.toString();
}

/** Python's ==: a text equals only a text, True equals 1, lists and dictionaries go by what they hold. */
function equal(a: Value, b: Value): boolean {
  const [left, right] = [a.value, b.value];
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((item, i) => equal(item, right[i]));
  if (left instanceof Map && right instanceof Map) {
    return left.size === right.size && [...left].every(([key, item]) => right.has(key) && equal(item, right.get(key)));
  }
  const isNumber = (value: unknown): value is number | boolean => typeof value === "number" || typeof value === "boolean";
  return isNumber(left) && isNumber(right) ? Number(left) === Number(right) : left === right;
}
