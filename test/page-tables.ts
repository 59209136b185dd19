/** Tables that tests write into the documentation, between `<!-- name -->` and `<!-- /name -->`. Knows no page. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The page with each named table in its place. Throws where a page has no place for one. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, rows]) => withTable(text, name, rows), page);
}

function withTable(page: string, name: string, rows: string): string {
  const [before, rest] = page.split(`<!-- ${name} -->\n`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (after === undefined) throw new Error(`the page has no place for the table of ${name}`);
  return `${before}<!-- ${name} -->\n\n${rows}\n\n<!-- /${name} -->${after}`;
}
