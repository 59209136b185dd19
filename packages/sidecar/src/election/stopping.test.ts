import { describe, expect, test } from "vitest";
import { holder, marking, type Solo, standby, takenBy } from "../testing/solo.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import type { WriteResult } from "./lease-lock.ts";
import { ACKNOWLEDGED_ANNOTATION } from "./lease-record.ts";
import { markOf } from "./mark.ts";

const UNKNOWN: WriteResult = { t: "unknown", reason: "time-out" };
const D_MS = holdDurationMs({ leaseDurationMs: 15_000, recordResolutionMs: 0 });

describe("a stop", () => {
  function stopped(a: Solo): void {
    a.feed({ t: "stop" });
    expect(a.role).toBe("stopped");
    expect(a.feed({ t: "tick" })).toEqual([]);
  }

  test("while waiting ends at once", () => {
    stopped(standby());
  });

  test("while asking the segment ends at once", () => {
    const a = standby();
    a.wait(15_000);
    expect(a.role).toBe("asking");
    stopped(a);
  });

  test("while taking waits for the answer, opens nothing, and gives back", () => {
    const a = standby();
    a.wait(15_000);
    a.feed({ t: "segment", answeredBy: [] });
    const take = a.sent("take");
    a.feed({ t: "stop" });
    a.answer(take, a.apply(take));
    expect(a.did).toEqual(["silence: yielding"]);
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.role).toBe("stopped");
    expect(a.lease.holderIdentity).toBe("");
  });

  test("while taking in vain ends with the answer", () => {
    const a = standby();
    a.wait(15_000);
    a.feed({ t: "segment", answeredBy: [] });
    const take = a.sent("take");
    a.feed({ t: "stop" });
    a.answer(take, { t: "conflict" });
    expect(a.role).toBe("stopped");
  });

  test("while holding goes mute, marks, and ends when the next one has taken", () => {
    const a = holder();
    a.feed({ t: "stop" });
    expect(a.did).toEqual(["mute: yielding"]);
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.role).toBe("yielding");
    const { lease } = a;
    takenBy(a, "b", { [ACKNOWLEDGED_ANNOTATION]: "2/2" });
    expect(a.wait(39)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["silence: yielding"]);
    expect(a.role).toBe("stopped");
    expect(markOf(lease)?.from).toBe("a");
  });

  test("while holding ends after 800 ms where nobody takes, and resumes nothing", () => {
    const a = holder();
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    a.complete("mark");
    expect(a.wait(799)).toEqual([]);
    a.wait(1);
    expect(a.did).toEqual(["silence: yielding"]);
    expect(a.role).toBe("stopped");
  });

  test("during a transfer ends as the transfer does, and resumes nothing", () => {
    const a = marking();
    const mark = a.sent("mark");
    a.feed({ t: "stop" });
    a.answer(mark, a.apply(mark));
    a.wait(800);
    expect(a.role).toBe("stopped");
    expect(a.did).toEqual(["silence: yielding"]);
  });

  test("while suspended before the own deadline marks, and ends", () => {
    const a = holder();
    a.wait(2_000);
    a.answer(a.sent("renew"), { t: "conflict" });
    a.wait(300);
    expect(a.role).toBe("suspended");
    a.feed({ t: "silenced" });
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    expect(a.did).toContain("mark");
    a.complete("mark");
    expect(a.role).toBe("stopped");
  });

  test("while suspended past the own deadline ends at once: the others have counted", () => {
    const a = holder();
    a.wait(D_MS);
    expect(a.role).toBe("suspended");
    stopped(a);
  });

  test("where the API does not answer ends after five tries", () => {
    const a = holder();
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    let marks = 0;
    for (let request = 0; request < 40 && a.state.role.t === "yielding"; request += 1) {
      const mark = a.effects.find((effect) => effect.t === "write");
      if (mark?.t === "write") {
        marks += 1;
        a.answer(mark, UNKNOWN);
      } else if (a.state.read.t === "sent") {
        a.answerRead({ t: "failed", status: undefined, reason: "no route", retryAfterMs: undefined });
      } else {
        a.wait(100);
      }
    }
    expect(marks).toBe(5);
    expect(a.role).toBe("stopped");
  });
});
