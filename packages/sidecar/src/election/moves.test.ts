import { describe, expect, test } from "vitest";
import { holder, marking, type Solo, standby } from "../testing/solo.ts";
import { MARK_ANNOTATION } from "./lease-record.ts";

describe("the budget of moves (rule 10)", () => {
  /** One transfer, offered to nobody who takes it, and resumed. */
  function moveAndResume(a: Solo): void {
    marking(a);
    a.complete("mark");
    a.wait(800);
    a.complete("resume");
    expect(a.role).toBe("holding");
  }

  function refusal(a: Solo): string | undefined {
    const notice = a.notices.find((one) => one.t === "transfer-refused");
    return notice?.t === "transfer-refused" ? notice.reason : undefined;
  }

  test("four within 180 s, then refused until the first is 180 s old", () => {
    const a = holder();
    const startMs = a.nowMs;
    for (let move = 0; move < 4; move += 1) moveAndResume(a);
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(refusal(a)).toMatch(/4 moves within 180 s already \(movesMax\); the next may begin in \d+ s/);
    expect(a.role).toBe("holding");
    a.state = { ...a.state, movesAtMs: a.state.movesAtMs.map((atMs) => atMs - 180_000) };
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(a.role).toBe("yielding");
    expect(a.nowMs - startMs).toBeLessThan(180_000);
  });

  test("an alarm at the third", () => {
    const a = holder();
    moveAndResume(a);
    moveAndResume(a);
    marking(a);
    expect(a.notices).toContainEqual({ t: "moves-alarm", moves: 3, windowMs: 180_000 });
  });

  test("it is a setting", () => {
    const a = holder({ movesMax: 1 });
    moveAndResume(a);
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(refusal(a)).toMatch(/1 moves/);
  });

  test("moves of others count", () => {
    const a = standby();
    a.state = { ...a.state, hasTaken: true };
    for (let move = 0; move < 3; move += 1) {
      a.patch({
        holderIdentity: "",
        annotations: { [MARK_ANNOTATION]: '{"from":"b","to":null,"transitions":1,"replaced":"1"}' },
      });
      a.see();
      a.patch({ holderIdentity: "b" });
      a.see();
    }
    expect(a.state.movesAtMs.length).toBe(3);
  });

  test("never to nobody", () => {
    const a = holder();
    a.feed({ t: "transfer", to: undefined, readyPeers: 0 });
    expect(refusal(a)).toMatch(/no other replica is ready/);
    expect(a.role).toBe("holding");
  });

  test("not to itself", () => {
    const a = holder();
    a.feed({ t: "transfer", to: "a", readyPeers: 1 });
    expect(refusal(a)).toMatch(/holds the VIP already/);
  });

  test("not by who does not hold", () => {
    const a = standby();
    a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
    expect(refusal(a)).toMatch(/does not hold/);
  });

  test("it does not delay a stop", () => {
    const a = holder();
    for (let move = 0; move < 4; move += 1) moveAndResume(a);
    a.feed({ t: "stop" });
    a.feed({ t: "silenced" });
    expect(a.did).toEqual(["mark"]);
  });

  test("it does not delay a takeover from a dead holder", () => {
    const a = standby();
    a.state = { ...a.state, hasTaken: true, movesAtMs: [1, 2, 3, 4].map((ago) => a.nowMs - ago) };
    a.wait(15_000);
    expect(a.did).toEqual(["take"]);
  });

  test("who is not fit keeps the VIP while it is used up, and moves as soon as it is not", () => {
    const a = holder();
    a.state = { ...a.state, movesAtMs: [1, 2, 3, 4].map((ago) => a.nowMs - 179_000 + ago) };
    a.feed({ t: "ineligible", reason: "link down" });
    expect(refusal(a)).toMatch(/not fit \(link down\)/);
    expect(a.role).toBe("holding");
    a.wait(3_000);
    expect(a.role).toBe("yielding");
  });

  test("who is not fit takes up again what it was suspended from, while it is used up: to yield it is a move too", () => {
    const a = holder();
    a.state = { ...a.state, movesAtMs: [1, 2, 3, 4].map((ago) => a.nowMs - ago) };
    a.feed({ t: "ineligible", reason: "API server dead" });
    a.wait(2_000);
    const renewal = a.sent("renew");
    const result = a.apply(renewal);
    a.wait(14_000);
    a.feed({ t: "silenced" });
    expect(a.role).toBe("suspended");
    a.answer(renewal, result);
    expect(a.did).toContain("hold");
    expect(a.role).toBe("holding");
  });
});
