/** docs/status.md against the code, in both directions: the causes of moves and the Events. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EVENT_REASONS } from "../packages/sidecar/src/observe/event.ts";
import { CAUSES } from "../packages/sidecar/src/observe/move-words.ts";
import { rowsOf } from "./page-rows.ts";

const PAGE = readFileSync(new URL("../docs/status.md", import.meta.url), "utf8");

it("lists every reason of an Event with its type, in the order of the code, and no other", () => {
  const documented = rowsOf(PAGE, "Event").map(([reason, type]) => [reason, type]);
  expect(documented).toEqual(Object.entries(EVENT_REASONS).map(([reason, { type }]) => [reason, type]));
});

it("explains every cause of a move, and no other", () => {
  const documented = rowsOf(PAGE, "cause").flatMap(([causes = ""]) => causes.split(", "));
  expect(documented.toSorted()).toEqual(Object.keys(CAUSES).toSorted());
});
