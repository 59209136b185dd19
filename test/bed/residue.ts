/** Everything that a program could leave behind in a namespace, as text, and what differs between two moments. */
import type { Namespace } from "./namespace.ts";

export type Residue = ReadonlyMap<string, readonly string[]>;

const COMMANDS: readonly (readonly string[])[] = [
  ["ip", "-details", "link", "show"],
  ["ip", "address", "show"],
  ["ip", "rule", "show"],
  ["ip", "-6", "rule", "show"],
  ["ip", "route", "show", "table", "all"],
  ["ip", "-6", "route", "show", "table", "all"],
  ["ip", "maddress", "show"],
  ["nft", "list", "ruleset"],
];

/** The neighbour cache is left out: it lives by itself. So is what time alone changes. */
export async function residueOf(namespace: Namespace): Promise<Residue> {
  const outputs = await Promise.all(COMMANDS.map((command) => namespace.exec(command)));
  return new Map(outputs.map((output, index) => [COMMANDS[index]?.join(" ") ?? "", settled(output)]));
}

/** "+" and "-" lines under their command; empty when nothing differs. */
export function residueDiff(before: Residue, after: Residue): readonly string[] {
  return [...after].flatMap(([command, lines]) => {
    const earlier = before.get(command) ?? [];
    const changes = [
      ...without(earlier, lines).map((line) => `- ${line}`),
      ...without(lines, earlier).map((line) => `+ ${line}`),
    ];
    return changes.length === 0 ? [] : [`${command}:`, ...changes];
  });
}

/** IPv6's duplicate address detection ends by itself within 2 s of a link's birth. */
function settled(output: string): readonly string[] {
  return output
    .split("\n")
    .map((line) => line.replaceAll(/ tentative\b/g, "").trim())
    .filter(Boolean);
}

/** Lines of `from` that `other` has not, counted: a line twice is not a line once. */
function without(from: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return from.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
