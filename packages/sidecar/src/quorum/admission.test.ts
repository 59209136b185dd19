import { describe, expect, test } from "vitest";
import {
  type AdmissionEvent,
  type AdmissionState,
  CALM_MIN_MS,
  initialAdmission,
  SILENT_MS,
  stepAdmission,
} from "./admission.ts";
import { LATENESS_MAX_MS, PROMISE_MIN_MS, ROUND_TRIP_MAX_MS } from "./deadline.ts";

type News = AdmissionEvent extends infer E ? (E extends AdmissionEvent ? Omit<E, "nowMs"> : never) : never;

class Admission {
  nowMs = 10_000;
  state: AdmissionState;

  constructor(isWanted = true) {
    this.state = initialAdmission({ identity: "h_1_x", isWanted, calmMinMs: CALM_MIN_MS });
  }

  feed(news: News): void {
    this.state = stepAdmission(this.state, { ...news, nowMs: this.nowMs } as AdmissionEvent);
  }

  /** Each second: answers of these peers, then a look. */
  wait(seconds: number, peers: readonly string[] = ["v_2_x", "w_3_x"], roundTripMs = 1): void {
    for (let left = seconds; left > 0; left -= 1) {
      this.nowMs += 1_000;
      for (const identity of peers) this.feed({ t: "answered", identity, roundTripMs });
      this.feed({ t: "tick" });
    }
  }

  late(byMs: number, times = 64): void {
    for (let left = times; left > 0; left -= 1) this.feed({ t: "late", byMs });
  }

  get verdict(): string {
    return this.state.verdict.t === "on" ? "on" : this.state.verdict.reason;
  }
}

/** Three replicas and a fence, all well; nobody was heard yet. */
function admission(replicas = 3): Admission {
  const a = new Admission();
  a.feed({ t: "replicas", count: replicas });
  a.feed({ t: "fence", level: "nft-egress" });
  return a;
}

function admitted(): Admission {
  const a = admission();
  a.wait(CALM_MIN_MS / 1_000 + 1);
  expect(a.verdict).toBe("on");
  return a;
}

describe("the mode is on", () => {
  test("when all of three replicas have answered and a calm is over, not before", () => {
    const a = admission();
    a.wait(CALM_MIN_MS / 1_000);
    expect(a.verdict).toBe("settling");
    a.wait(1);
    expect(a.state.verdict).toEqual({
      t: "on",
      voters: ["h_1", "v_2", "w_3"],
      promiseDurationMs: PROMISE_MIN_MS + 2,
    });
  });

  test("with a promise that follows what is measured", () => {
    const a = admitted();
    a.late(20);
    a.wait(64, ["v_2_x", "w_3_x"], 30);
    expect(a.state.verdict).toMatchObject({ t: "on", promiseDurationMs: PROMISE_MIN_MS + 100 });
  });

  test("with all of five", () => {
    const a = admission(5);
    a.wait(6, ["v_2_x", "w_3_x", "x_4_x", "y_5_x"]);
    expect(a.verdict).toBe("on");
  });
});

describe("the mode is off", () => {
  test("without the setting, whatever else is well", () => {
    const a = new Admission(false);
    a.feed({ t: "replicas", count: 3 });
    a.feed({ t: "fence", level: "nft-egress" });
    a.wait(20);
    expect(a.verdict).toBe("setting-off");
  });

  test.each([undefined, 1, 2])("with %s replicas", (count) => {
    const a = new Admission();
    a.feed({ t: "fence", level: "nft-egress" });
    if (count !== undefined) a.feed({ t: "replicas", count });
    a.wait(20);
    expect(a.verdict).toBe("too-few-replicas");
  });

  test.each(["nft-arp", "responder", "valid-lft", undefined] as const)("at fence level %s, at once", (level) => {
    const a = admitted();
    a.feed({ t: "fence", level });
    expect(a.verdict).toBe("fence-too-weak");
  });

  test("while somebody does not speak it", () => {
    const a = admission();
    a.wait(20, ["v_2_x"]);
    expect(a.verdict).toBe("peer-silent");
  });

  test("when a peer has been silent for 10 s, not for less", () => {
    const a = admitted();
    a.wait(SILENT_MS / 1_000 - 1, ["v_2_x"]);
    expect(a.verdict).toBe("on");
    a.wait(1, ["v_2_x"]);
    expect(a.verdict).toBe("peer-silent");
  });

  test("when timers are late, and on again only well below the bound", () => {
    const a = admitted();
    a.late(LATENESS_MAX_MS);
    a.wait(1);
    expect(a.verdict).toBe("on");
    a.late(LATENESS_MAX_MS + 1);
    a.wait(1);
    expect(a.verdict).toBe("timers-late");
    a.late(LATENESS_MAX_MS / 2 + 1);
    a.wait(60);
    expect(a.verdict).toBe("timers-late");
    a.late(LATENESS_MAX_MS / 2);
    a.wait(60);
    expect(a.verdict).toBe("on");
  });

  test("when the slowest peer's answers are late", () => {
    const a = admitted();
    for (let left = 64; left > 0; left -= 1) {
      a.feed({ t: "answered", identity: "w_3_x", roundTripMs: ROUND_TRIP_MAX_MS + 1 });
    }
    a.feed({ t: "tick" });
    expect(a.verdict).toBe("answers-late");
  });

  test("when a pod was recreated: the voters are others", () => {
    const a = admitted();
    a.wait(1, ["v_2_x", "w_9_x"]);
    expect(a.verdict).toBe("voters-changed");
  });

  test("not when a sidecar was restarted: the voter is the same", () => {
    const a = admitted();
    a.wait(20, ["v_2_x", "w_3_y"]);
    expect(a.verdict).toBe("on");
  });
});

describe("the way back", () => {
  test("takes twice as long each time, so that nothing flaps", () => {
    const a = admitted();
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      a.feed({ t: "quorum-lost" });
      expect(a.verdict).toBe("quorum-lost");
      let seconds = 0;
      for (; a.verdict !== "on" && seconds < 1_000; seconds += 1) a.wait(1);
      waits.push(seconds);
    }
    expect(waits).toEqual([11, 21, 41, 81]);
  });

  test("is short again after a long time of use", () => {
    const a = admitted();
    a.wait(600);
    a.feed({ t: "quorum-lost" });
    a.wait(11);
    expect(a.verdict).toBe("on");
  });

  test("never takes longer than 320 s", () => {
    const a = admitted();
    for (let round = 0; round < 10; round += 1) {
      a.feed({ t: "quorum-lost" });
      a.wait(321);
      expect(a.verdict).toBe("on");
    }
  });
});
