/** Reads a table of the documentation, for tests that hold page and code together. */

/** The cells of each row of the table that has this as its first column's head, without backticks. */
export function rowsOf(page: string, firstColumn: string): readonly (readonly string[])[] {
  const [, table = ""] = page.split(`\n| ${firstColumn} |`);
  const [rows = ""] = table.split("\n\n");
  return rows
    .split("\n")
    .filter((row) => row.startsWith("| "))
    .map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").replaceAll("`", "")));
}
