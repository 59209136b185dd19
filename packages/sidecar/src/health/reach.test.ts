/** The segment asked again and again, in virtual time: a neighbour that answers, falls silent, and comes back. */
import type { IpAddress } from "@vcluster-kube-vip/routing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asker, OFF, type Reach, type ReachState, reachOf, step, toAsk } from "./reach.ts";

/** A segment that answers `afterMs` later while `isThere`. */
class Scene {
  nowMs = 0;
  asker: Asker = "holder";
  isThere: (nowMs: number) => boolean = () => true;
  readonly afterMs = 1;
  readonly asked: { readonly atMs: number; readonly by: string }[] = [];
  readonly changes: { readonly atMs: number; readonly t: Reach["t"] }[] = [];
  #state: ReachState = OFF;
  #dueAtMs: number | undefined;
  #answersAtMs: number[] = [];

  constructor() {
    this.#run(step(OFF, { t: "start", fromMs: 0 }));
  }

  get reach(): Reach {
    return reachOf(this.#state);
  }

  until(endMs: number): this {
    for (;;) {
      const next = Math.min(this.#dueAtMs ?? Number.POSITIVE_INFINITY, ...this.#answersAtMs);
      if (next > endMs) break;
      this.nowMs = next;
      if (this.#answersAtMs[0] === next) {
        this.#answersAtMs.shift();
        this.#run(step(this.#state, { t: "answered", nowMs: next }));
      } else this.tick();
    }
    this.nowMs = endMs;
    return this;
  }

  tick(): void {
    this.#run(step(this.#state, { t: "tick", nowMs: this.nowMs, asker: this.asker }));
  }

  #run([state, effects]: ReturnType<typeof step>): void {
    this.#state = state;
    for (const effect of effects) {
      if (effect.t === "timer") this.#dueAtMs = effect.atMs;
      else if (effect.t === "changed") this.changes.push({ atMs: this.nowMs, t: effect.reach.t });
      else {
        this.asked.push({ atMs: this.nowMs, by: effect.by });
        if (this.isThere(this.nowMs)) this.#answersAtMs.push(this.nowMs + this.afterMs);
      }
    }
  }
}

function answering(asker: Asker): Scene {
  const scene = new Scene();
  scene.asker = asker;
  return scene;
}

describe("a segment that answers", () => {
  it("is asked by the holder every 750 ms, to the MAC address that is known", () => {
    const { asked, changes } = answering("holder").until(4000);
    expect(asked).toEqual([
      { atMs: 0, by: "broadcast" },
      ...[750, 1500, 2250, 3000, 3750].map((atMs) => ({ atMs, by: "unicast" })),
    ]);
    expect(changes).toEqual([{ atMs: 1, t: "answers" }]);
  });

  it("is asked by a standby every 700 ms", () => {
    expect(
      answering("standby")
        .until(3000)
        .asked.map(({ atMs }) => atMs),
    ).toEqual([0, 700, 1400, 2100, 2800]);
  });
});

describe("a segment that falls silent", () => {
  it("is known after three questions without an answer, the second and third at once and by broadcast", () => {
    const scene = answering("holder");
    scene.isThere = (nowMs) => nowMs < 1001;
    scene.until(10_000);
    expect(scene.asked.slice(2, 5)).toEqual([
      { atMs: 1500, by: "unicast" },
      { atMs: 1700, by: "broadcast" },
      { atMs: 1900, by: "broadcast" },
    ]);
    expect(scene.changes.at(-1)).toEqual({ atMs: 2100, t: "silent" });
    expect(scene.reach).toEqual({ t: "silent", sinceMs: 1500, answeredAtMs: 751 });
  });

  it("is known within 1.4 s of the cut, whenever that was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), (cutAtMs) => {
        const scene = answering("holder");
        scene.isThere = (nowMs) => nowMs < cutAtMs;
        scene.until(10_000);
        const knownAtMs = scene.changes.at(-1)?.atMs ?? Number.POSITIVE_INFINITY;
        expect(knownAtMs - cutAtMs).toBeLessThanOrEqual(1400);
      }),
    );
  });

  it("is not made silent by two lost answers", () => {
    const scene = answering("holder");
    scene.isThere = (nowMs) => nowMs !== 750 && nowMs !== 950;
    expect(scene.until(5000).changes.map(({ t }) => t)).toEqual(["answers"]);
  });

  it("is asked on, and answers again", () => {
    const scene = answering("holder");
    scene.isThere = (nowMs) => nowMs < 1000 || nowMs > 20_000;
    scene.until(22_000);
    expect(scene.changes.map(({ t }) => t)).toEqual(["answers", "silent", "answers"]);
  });

  it("is unknown and not silent where nobody has ever answered", () => {
    const scene = answering("holder");
    scene.isThere = () => false;
    expect(scene.until(60_000).reach).toEqual({ t: "unknown" });
    expect(scene.asked.length).toBeLessThanOrEqual(13);
  });

  it("is not judged by a question whose time passed while the process was stopped", () => {
    const scene = answering("holder");
    scene.until(1400);
    scene.isThere = () => false;
    scene.until(1500);
    for (let frozen = 0; frozen < 5; frozen += 1) {
      scene.nowMs += 2000;
      scene.tick();
    }
    expect(scene.reach.t).toBe("answers");
  });

  it("is unknown to a standby that has no form to ask in", () => {
    const scene = answering("holder").until(2000);
    scene.asker = "nobody";
    expect(scene.until(20_000).reach).toEqual({ t: "unknown" });
    expect(scene.asked).toHaveLength(3);
  });
});

it("a link that is opened again begins anew, and one that is closed asks nothing", () => {
  const [asking] = step(OFF, { t: "start", fromMs: 0 });
  const [answers] = step(asking, { t: "answered", nowMs: 1 });
  expect(reachOf(step(answers, { t: "start", fromMs: 2 })[0])).toEqual({ t: "unknown" });
  expect(step(answers, { t: "stop" })).toEqual([OFF, [{ t: "timer", atMs: undefined }]]);
  expect(step(OFF, { t: "tick", nowMs: 3, asker: "holder" })).toEqual([OFF, []]);
});

describe("who is asked", () => {
  const [gateway, a, b, c, d] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"] as IpAddress[];
  const others = [a, gateway, b, c, d] as IpAddress[];

  it.each([
    ["the gateway alone, where it answers", gateway, true, [gateway]],
    ["the gateway and three neighbours, where it has not answered", gateway, false, [gateway, a, b, c]],
    ["three neighbours, where there is no gateway", undefined, false, [a, gateway, b]],
  ])("is %s", (_name, given, hasAnswered, expected) => {
    expect(toAsk(given, () => hasAnswered, others)).toEqual(expected);
  });
});
