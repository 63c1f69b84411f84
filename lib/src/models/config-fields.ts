/** Typed access to the fields of a config.json, with errors that name the field. */
export interface ConfigFields {
  /** whole number above 0 */
  count(name: string): number;
  optionalCount(name: string): number | null;
  number(name: string): number;
  optionalNumber(name: string): number | null;
  /** false where the field is absent, null, or has no name (null) */
  flag(name: string | null): boolean;
  oneOf<const Word extends string>(name: string, words: readonly Word[]): Word;
  /** a token id; null where absent or negative (old Llama files write -1 for none) */
  optionalId(name: string): number | null;
  /** one id or a list of them */
  ids(name: string): number[];
  /** an object of further fields; null where it is absent, null or empty */
  section(name: string): ConfigFields | null;
  /** numbers; null where absent */
  optionalNumbers(name: string): number[] | null;
  /** words; null where absent */
  optionalWords(name: string): string[] | null;
  has(name: string): boolean;
  numLabels(): number | null;
  mergeVector(): number[] | null;
  error(name: string, wrong: string): Error;
}

/** Where an architecture's config.json differs: other names for fields (ours → its own), and values of absent fields. */
export interface FieldRules {
  readonly aliases?: Readonly<Record<string, string>>;
  readonly defaults: Readonly<Record<string, unknown>>;
}

/**
 * Read fields of a config.json.
 *
 * @param json   the parsed object
 * @param rules  names and defaults of the architecture
 * @param place  what stands before a field's name in errors, e.g. "rope_scaling."
 */
export function configFields(json: Readonly<Record<string, unknown>>, rules: FieldRules, place = ""): ConfigFields {
  const named = (name: string): string => rules.aliases?.[name] ?? name;
  const value = (name: string): unknown => (Object.hasOwn(json, named(name)) ? json[named(name)] : rules.defaults[name]) ?? null;
  const error = (name: string, wrong: string): Error => new Error(`config.json: ${place}${named(name)} ${wrong}`);
  const refuse = (name: string, expected: string): never => {
    const found = value(name);
    throw error(
      name,
      found === null ? `is missing; expected ${expected}` : `is ${JSON.stringify(found).slice(0, 60)}; expected ${expected}`,
    );
  };
  const check = <T>(name: string, expected: string, is: (value: unknown) => value is T): T => {
    const found = value(name);
    return is(found) ? found : refuse(name, expected);
  };
  const optional = <T>(name: string, read: (name: string) => T): T | null => (value(name) === null ? null : read(name));

  const fields: ConfigFields = {
    count: (name) => check(name, "a whole number above 0", isCount),
    optionalCount: (name) => optional(name, fields.count),
    number: (name) => check(name, "a number", isNumber),
    optionalNumber: (name) => optional(name, fields.number),
    flag: (name) => name !== null && (optional(name, (field) => check(field, "true or false", isBoolean)) ?? false),
    oneOf: (name, words) => {
      const found = value(name);
      return words.find((word) => word === found) ?? refuse(name, `one of ${words.join(", ")}`);
    },
    optionalId: (name) => {
      const id = optional(name, (field) => check(field, "a token id (a whole number)", isInteger));
      return id !== null && id >= 0 ? id : null;
    },
    ids: (name) => {
      const found = value(name) ?? [];
      const list = Array.isArray(found) ? found : [found];
      return list.every(isId) ? list : refuse(name, "token ids (whole numbers, 0 or more)");
    },
    section: (name) => {
      const found = optional(name, (field) => check(field, "an object", isObject));
      return found && Object.keys(found).length > 0 ? configFields(found, { defaults: {} }, `${place}${named(name)}.`) : null;
    },
    optionalNumbers: (name) => optional(name, (field) => check(field, "a list of numbers", listOf(isNumber))),
    optionalWords: (name) => optional(name, (field) => check(field, "a list of words", listOf(isString))),
    has: (name) => value(name) !== null,
    numLabels: () => fields.optionalCount("num_labels") ?? labelCount(value("id2label")),
    mergeVector: () => fields.section("basewise")?.optionalNumbers("merge_vector") ?? null,
    error,
  };
  return fields;
}

function labelCount(labels: unknown): number | null {
  return isObject(labels) && Object.keys(labels).length > 0 ? Object.keys(labels).length : null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf<T>(is: (value: unknown) => value is T): (value: unknown) => value is T[] {
  return (value): value is T[] => Array.isArray(value) && value.every(is);
}
