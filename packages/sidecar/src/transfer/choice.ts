/**
 * To whom a transfer goes: the replica that was named, if it could serve, or the best of those that could. Pure; who
 * could, health/successor.ts says.
 */
import type { PeerStatus } from "../health/report.ts";
import { chooseSuccessor, type Giver, type Succession, whyNot } from "../health/successor.ts";
import { podOf } from "./outcome.ts";

/** @param name - a Pod's name or an identity; undefined is the best one. */
export function chooseTarget(name: string | undefined, peers: readonly PeerStatus[], giver: Giver): Succession {
  if (name === undefined) return chooseSuccessor(peers, giver);
  const named = peers.find(({ identity }) => identity === name || podOf(identity) === name);
  if (named === undefined) {
    const answering = peers.map(({ identity }) => podOf(identity)).join(", ");
    const others = answering === "" ? "nobody else does" : `these do: ${answering}`;
    return { t: "nobody", reason: `no other replica called ${name} answers; ${others}` };
  }
  const reason = whyNot(named, giver);
  if (reason !== undefined) return { t: "nobody", reason: `${podOf(named.identity)} cannot take it: ${reason}` };
  return { t: "to", identity: named.identity, reason: "named" };
}
