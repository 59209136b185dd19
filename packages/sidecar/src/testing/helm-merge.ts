/** Values files as Helm joins them, for tests of what it makes of ours: the real one is asked by `pnpm chart:matrix`. */

export type Value = null | boolean | number | string | readonly Value[] | Values;
interface Values {
  readonly [name: string]: Value;
}

/** Maps are joined, everything else is replaced by what is later. */
export function helmMerge(earlier: Value, later: Value): Value {
  if (!isMap(earlier) || !isMap(later)) return later;
  const merged = new Map(Object.entries(earlier));
  for (const [name, value] of Object.entries(later)) {
    const before = merged.get(name);
    merged.set(name, before === undefined ? value : helmMerge(before, value));
  }
  return Object.fromEntries(merged);
}

function isMap(value: Value): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
