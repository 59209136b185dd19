/** What may be seen after no fault whatever: one sentence each. Times are for the rows to bound. No I/O. */
import type { Seen } from "../oracles/watch.ts";

export function violationsIn(seen: Seen): readonly string[] {
  return [...answered(seen), ...spoken(seen), ...seen.residue.map((line) => `residue: ${line}`)];
}

function answered({ mostAtOnce, msOfTwo, twos }: Seen): readonly string[] {
  if (mostAtOnce < 2) return [];
  const [first] = twos;
  const where = first === undefined ? "" : `, first ${first.macs.join(" and ")} at ${first.fromMs.toFixed(0)} ms`;
  return [`${mostAtOnce} of ours answered for the VIP at once, for ${msOfTwo.toFixed(0)} ms in all${where}`];
}

function spoken({ framesOfOthers = [] }: Seen): readonly string[] {
  return framesOfOthers.map(({ mac, wallMs, holderIdentity }) => {
    const whose = holderIdentity === "" ? "nobody's" : `${holderIdentity}'s`;
    return `${mac} spoke for the VIP at ${new Date(wallMs).toISOString()}, when the Lease was ${whose}`;
  });
}
