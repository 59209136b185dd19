/**
 * Rows of the fault matrix: the holder's wall clock is wrong. That costs silence at most. Behind its own shut gate a holder hears
 * nothing of the segment either, and hands over to whoever does.
 */
import { WRONG_CLOCKS } from "../../bed/faults/clock.ts";
import { faultRows } from "./rows.ts";

faultRows(WRONG_CLOCKS.map((fault) => ({ fault, lastsMs: 6_000, moves: 1 })));
