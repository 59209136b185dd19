/** Rows of the fault matrix: the segment in two parts with a sampler on each side, or deaf in one direction. */
import {
  HOLDER_CUT_FROM_SEGMENT_AND_API,
  HOLDER_DEAF,
  HOLDER_MUTE,
  HOLDER_STRANDED,
  HOLDER_STRANDED_WITH_WORKER,
} from "../../bed/faults/segment-cut.ts";
import { faultRows } from "./rows.ts";

const CUT_MS = 8_000;

faultRows([
  { fault: HOLDER_STRANDED, lastsMs: CUT_MS, servedAfterHealMs: 200, moves: 1 },
  { fault: HOLDER_STRANDED_WITH_WORKER, lastsMs: CUT_MS, servedAfterHealMs: 200, moves: 1 },
  { fault: HOLDER_CUT_FROM_SEGMENT_AND_API, lastsMs: CUT_MS, servedAfterHealMs: 200, moves: 1 },
  { fault: HOLDER_MUTE, lastsMs: CUT_MS, servedAfterHealMs: 200, moves: 1 },
  { fault: HOLDER_DEAF, lastsMs: CUT_MS, servedAfterHealMs: 200, moves: 1 },
]);
