/** Rows of the fault matrix: the holder's wall clock is wrong. Nothing moves; a clock set forward costs silence at most. */
import { WRONG_CLOCKS } from "../../bed/faults/clock.ts";
import { faultRows } from "./rows.ts";

faultRows(WRONG_CLOCKS.map((fault) => ({ fault, lastsMs: 6_000, moves: 0 })));
