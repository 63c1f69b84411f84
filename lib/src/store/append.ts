import type { BulkTable } from "./schema.ts";
import type { Session, Value } from "./session.ts";

/**
 * Append the rows whose key the table does not hold yet, once each: appending the same rows again changes nothing.
 *
 * @param columns  by name, equally long; what is left out is missing
 * @param constant  key columns that are the same in all rows, so that only those rows of the table are looked at
 * @returns how many were new
 */
export async function appendNew(
  session: Session,
  table: BulkTable,
  columns: Readonly<Record<string, readonly Value[]>>,
  constant: Readonly<Record<string, Value>>,
): Promise<number> {
  const names = Object.keys(columns).filter((name) => columns[name]!.some((value) => value !== null));
  const staging = `new_${table.name}`;
  const fixed = Object.entries(constant);
  const own = table.key.filter((name) => !(name in constant));
  await session.query(`create or replace temp table ${staging} (${names.map((name) => `${name} ${stagingType(table, name)}`).join(", ")})`);
  await session.append(
    staging,
    names.map((name) => columns[name]!),
  );
  const cast = (name: string): string => (table.columns[name]!.startsWith("uuid") ? `n.${name}::uuid` : `n.${name}`);
  const sql = `
    insert into ${table.name} (${[...fixed.map(([name]) => name), ...names].join(", ")})
    select ${[...fixed.map((_, i) => `$${i + 1}`), ...names.map(cast)].join(", ")}
    from (select distinct on (${own.join(", ")}) * from ${staging}) n
    where not exists (
      from ${table.name} o
      where ${[...fixed.map(([name], i) => `o.${name} = $${i + 1}`), ...own.map((name) => `o.${name} = ${cast(name)}`)].join(" and ")}
    )`;
  const added = await session.transaction(() =>
    session.change(
      sql,
      fixed.map(([, value]) => value),
    ),
  );
  await session.query(`drop table ${staging}`);
  return added;
}

/** Documents arrive as text of hexadecimal digits and are kept as sixteen bytes. */
function stagingType(table: BulkTable, name: string): string {
  const type = table.columns[name]!.replace(" not null", "");
  return type === "uuid" ? "varchar" : type;
}
