/** Rows of the fault matrix: an operator's hands on the Lease, at 5/3/1. */
import { LEASE_DELETED, LEASE_PATCHES, LEASE_RESTORED } from "../../bed/faults/lease-edit.ts";
import { faultRows, type Row } from "./rows.ts";

const LEASE_DURATION_MS = 5_000;
/** A hand that takes the Lease from its holder without giving it to anybody: the last holder is back at once. */
const BACK_MS = 200;

const BOUNDS: Readonly<Record<string, Partial<Row>>> = {
  "Lease given a foreign name": { silentMs: LEASE_DURATION_MS + 500 },
  "Lease emptied": { silentMs: BACK_MS, moves: 0 },
  "Lease shortened to a second": { silentMs: BACK_MS, moves: 0 },
  "Lease given lower transitions": { silentMs: BACK_MS, moves: 0 },
  "Lease robbed of its annotations": { silentMs: BACK_MS, moves: 0 },
};

faultRows([
  ...LEASE_PATCHES.map((fault) => ({ fault, ...BOUNDS[fault.name] })),
  { fault: LEASE_DELETED, silentMs: BACK_MS, moves: 0 },
  { fault: LEASE_RESTORED, silentMs: LEASE_DURATION_MS + 500 },
]);
