/**
 * Adopting (rule 8): the first thing in a life whose kernel is still heard for the VIP on behalf of the life before.
 * The Lease goes from the old identity to ours by compare-and-swap, and nothing changes on the wire; or there is
 * nothing to adopt, and what was inherited is given away. Before the opening lapses nobody else may have taken the
 * Lease, so what a consistent read shows until then is all that has to be known.
 */
import { isOwn } from "./claim.ts";
import type { Inheritance, PendingWrite, Role } from "./election.ts";
import type { WriteResult } from "./lease-lock.ts";
import type { LeaseRecord } from "./lease-record.ts";
import { isRecord } from "./observation.ts";
import type { Turn } from "./turn.ts";

/** Versions of the Lease that may slip in before ours: the dead process's last renewals, or a hand that edits. */
const OVERTAKEN_MAX = 8;

type Adopting = Extract<Role, { t: "adopting" }>;

/** The first event of a life that finds a live opening: until said otherwise this replica is as fit as it was. */
export function inherit(turn: Turn, { holderIdentity, untilMs, mac }: Inheritance): void {
  const { state } = turn;
  if (state.role.t !== "waiting" || state.eligible.t === "yes" || state.lastNumber > 0) {
    throw new TypeError("election: an opening is inherited at the start of a life or not at all");
  }
  state.eligible = { t: "yes" };
  state.mac = mac;
  turn.enter(
    { t: "adopting", inherited: { holderIdentity, untilMs, mac }, uid: undefined, seen: undefined, overtaken: 0 },
    `heard for the VIP as ${holderIdentity}`,
  );
  lapse(turn);
}

/** Looked at before anything is made of an event: an answer that comes after the opening has lapsed adopts nothing. */
export function lapse(turn: Turn): void {
  const { role } = turn.state;
  if (role.t === "adopting" && turn.nowMs >= role.inherited.untilMs) disinherit(turn, "the opening has lapsed");
}

/** What an adopting replica does now. */
export function advanceAdopting(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.role.t !== "adopting") return;
  if (state.stopping) {
    // The Lease is not ours to give up: the others count it.
    disinherit(turn, "stop asked for");
    return turn.enter({ t: "stopped" }, "stop asked for");
  }
  const lost = lostBy(turn, state.role);
  if (lost !== undefined) {
    // A write that was sent before the Lease went into another hand opens nothing any more.
    turn.voidWrites();
    return disinherit(turn, lost);
  }
  const role = withNews(turn, state.role);
  state.role = role;
  if (role.overtaken > OVERTAKEN_MAX) return disinherit(turn, "the lease does not stay as it is read");
  if (role.seen === undefined) return turn.wantRead();
  if (turn.writeInFlight(["adopt"]) === undefined && nowMs >= state.nextTryAtMs) turn.adopt(role.seen);
}

/** Why there is nothing to adopt; undefined while the newest version known is the old life's, or ours already. */
function lostBy(turn: Turn, { inherited, uid }: Adopting): string | undefined {
  const { current } = turn.state.lease;
  if (current === undefined) return undefined;
  if (current === "missing") return "the lease is missing";
  if (uid !== undefined && current.uid !== uid) return "the lease was recreated";
  if (current.holderIdentity === inherited.holderIdentity || isOwn(turn, current)) return undefined;
  return current.holderIdentity === "" ? "the lease is vacant" : "the lease names another";
}

/** A version that the watch shows after the one that was read must be read itself before it is built on. */
function withNews(turn: Turn, role: Adopting): Adopting {
  const { current } = turn.state.lease;
  if (!isRecord(current)) return role;
  if (role.seen === undefined || role.seen.resourceVersion === current.resourceVersion) {
    return { ...role, uid: current.uid };
  }
  return { ...role, seen: undefined, overtaken: role.overtaken + 1 };
}

/** A consistent read: what it shows may be built on. */
export function afterAdoptionRead(turn: Turn, record: LeaseRecord): void {
  const { role } = turn.state;
  if (role.t === "adopting") turn.state.role = { ...role, seen: record };
}

/** An adoption that was not confirmed is looked up before the next. */
export function afterAdoptionFailed(turn: Turn, write: PendingWrite, result: WriteResult): void {
  const { role } = turn.state;
  if (role.t !== "adopting" || write.purpose !== "adopt" || result.t === "written") return;
  if (role.seen?.resourceVersion !== write.baseVersion) return;
  turn.state.role = { ...role, seen: undefined, overtaken: role.overtaken + (result.t === "conflict" ? 1 : 0) };
  // The opening is short: what was certainly not applied does not wait for a whole retry period.
  if (result.t === "refused") turn.tryAfterQuarter();
}

function disinherit(turn: Turn, reason: string): void {
  turn.state.eligible = { t: "no", reason: `nothing to adopt: ${reason}` };
  turn.effects.push({ t: "disinherit", reason });
  turn.enter({ t: "waiting" }, `nothing to adopt: ${reason}`);
}
