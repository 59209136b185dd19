/** Effects, changes of the Lease and events in words: what transcripts and failing seeds are read by. */
import type { ElectionEffect, Notice } from "../../election/election.ts";
import { ACKNOWLEDGED_ANNOTATION, type LeaseRecord, MARK_ANNOTATION } from "../../election/lease-record.ts";
import { markOf } from "../../election/mark.ts";
import { modeOf } from "../../election/mode.ts";
import type { LeaseChange } from "../lease-store.ts";
import type { Happening } from "./replica.ts";

/** @param nowMs own monotonic clock of the replica */
export function effectInWords(effect: ElectionEffect, nowMs: number): string {
  switch (effect.t) {
    case "write":
      return `sends ${effect.purpose} ${effect.number}${effect.draft.base === undefined ? "" : ` on version ${effect.draft.base.resourceVersion}`}`;
    case "read":
      return "reads the lease";
    case "exact-read":
      return `lists the lease at exactly version ${effect.resourceVersion}`;
    case "ask-segment":
      return "asks the segment for the VIP";
    case "hold":
      return `${effect.adopted ? "adopts, " : ""}may hold for ${seconds(effect.deadlineMs - nowMs)}`;
    case "tighten":
      return `has the kernel end the hold in ${seconds(effect.deadlineMs - nowMs)}, for term ${effect.term}`;
    case "disinherit":
      return `gives away what it inherited: ${effect.reason}`;
    case "mute":
      return `goes mute: ${effect.reason}`;
    case "silence":
      return `goes silent: ${effect.reason}`;
    case "transition":
      return `${effect.from} -> ${effect.to}: ${effect.reason}`;
    case "notice":
      return noticeInWords(effect.notice);
  }
}

function noticeInWords(notice: Notice): string {
  switch (notice.t) {
    case "counting-vacant":
      return `notes: vacant without a mark that counts, held for another ${seconds(notice.waitMs)}`;
    case "duration-differs":
      return `notes: the lease says ${notice.recordSeconds} s, the own setting ${notice.ownSeconds} s`;
    case "transitions-edited":
      return `notes: transitions ${notice.to} after ${notice.from ?? "none known"}`;
    case "lease-oversized":
      return `notes: ${notice.what} of ${notice.characters} characters`;
    case "segment-answered":
      return `notes: the VIP is answered by ${notice.by.join(", ")}`;
    case "transfer-refused":
      return `refuses to move: ${notice.reason}`;
    case "moves-alarm":
      return `alarm: ${notice.moves} moves within ${seconds(notice.windowMs)}`;
    case "write-failed":
      return `notes: ${notice.purpose} not confirmed: ${notice.result}`;
  }
}

export function changeInWords(change: LeaseChange): string {
  if (change.t === "deleted") return `lease ${change.revision}: deleted`;
  return `lease ${change.revision}: ${leaseInWords(change.lease)}`;
}

function leaseInWords(lease: LeaseRecord): string {
  const holder = lease.holderIdentity === "" ? "vacant" : `held by ${lease.holderIdentity}`;
  const mark = markOf(lease);
  const stale = mark === undefined && MARK_ANNOTATION in lease.annotations ? ", an old mark" : "";
  const marked = mark === undefined ? stale : `, mark by ${mark.from} for ${mark.to ?? "anybody"}`;
  const heard = lease.annotations[ACKNOWLEDGED_ANNOTATION];
  const acknowledged = heard === undefined || lease.holderIdentity === "" ? "" : `, acknowledged by ${heard}`;
  const mode = modeOf(lease);
  const modeText = mode === undefined ? "" : `, mode ${mode.mode} in term ${mode.term}`;
  return `${holder}, ${lease.leaseDurationSeconds} s, transitions ${lease.leaseTransitions}${marked}${acknowledged}${modeText}`;
}

export function happeningInWords(happening: Happening): string {
  switch (happening.t) {
    case "watch":
      return `watch: ${happening.event.t} ${"lease" in happening.event ? versionOf(happening.event.lease) : ""}`.trimEnd();
    case "read":
    case "exact-read":
      return `${happening.t}: ${happening.result.t} ${happening.result.t === "found" ? versionOf(happening.result.lease) : ""}`.trimEnd();
    case "write":
      return `answer to ${happening.number}: ${happening.result.t}`;
    case "segment":
      return `segment: answered by ${happening.answeredBy.join(", ") || "nobody"}`;
    case "ineligible":
      return `not fit: ${happening.reason}`;
    case "transfer":
      return `asked to move to ${happening.to ?? "anybody"}, ${happening.readyPeers} peers ready`;
    case "inherited":
      return `heard for the VIP as ${happening.holderIdentity}`;
    case "acknowledged":
      return `acknowledged by ${happening.count} of ${happening.total}`;
    case "successor":
      return `would hand over to ${happening.to ?? "anybody"}`;
    case "eligible":
      return "fit";
    case "claimed-by-replica":
      return "another replica claims the VIP";
    case "renew-soon":
      return "a renewal is wanted now";
    case "quorum-promised":
      return `a majority has promised term ${happening.term}`;
    case "quorum-left":
      return `the quorum is left: ${happening.reason}`;
    case "quorum-proof":
      return `a majority has given up term ${happening.against.term} of ${happening.against.holderIdentity}`;
    case "tightened":
      return `the kernel ends the hold of term ${happening.term} in time`;
    case "tick":
    case "silenced":
    case "stop":
      return happening.t;
  }
}

function versionOf(lease: LeaseRecord | undefined): string {
  return lease === undefined ? "nothing" : `version ${lease.resourceVersion}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
