/**
 * Refuse a name that is no plain file name on every platform: letters, digits, dot, hyphen, underscore; not starting with a dot.
 *
 * @param caller  the function whose argument it is, for the error
 */
export function plainName(caller: string, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new Error(`${caller}: "${name}" is no plain file name; use letters, digits, hyphens, e.g. "figure-03" (no folder, no ending)`);
  }
  return name;
}
