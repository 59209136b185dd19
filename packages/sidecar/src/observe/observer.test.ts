import { describe, expect, it } from "vitest";
import type { EventDraft } from "./event.ts";
import type { Happening, Snapshot } from "./happening.ts";
import type { LogLine } from "./log-line.ts";
import { Observer } from "./observer.ts";
import { HOLDER, NEWCOMER } from "./testing/samples.ts";

function observe(happenings: readonly Happening[], snapshot: Snapshot, loopAgeMs = 0, isDebug = false) {
  const lines: LogLine[] = [];
  const observer = new Observer({
    version: "0.1.0",
    identity: HOLDER.identity,
    clock: { nowMs: () => 0 },
    write: (line) => lines.push(line),
    isDebug,
    wallTime: () => "2026-01-02T03:04:05.000000Z",
  });
  for (const happening of happenings) observer.tell(happening);
  const pages = observer.pages({ snapshot: () => snapshot, loopAgeMs: () => loopAgeMs });
  return { lines, get: (path: string) => pages[path]?.() };
}

describe("the pages", () => {
  it("call the process healthy while its loop turns", () => {
    expect(observe([], HOLDER, 60_000).get("/healthz")).toMatchObject({ status: 200, body: "ok\n" });
    const stuck = observe([], HOLDER, 61_500).get("/healthz");
    expect(stuck?.status).toBe(503);
    expect(stuck?.body).toMatch(/not turned for 61\.5 s/);
  });

  it("call a replica ready that could take the VIP, and say why another is not", () => {
    expect(observe([], HOLDER).get("/readyz")).toMatchObject({ status: 200, body: "ready\n" });
    expect(observe([], NEWCOMER).get("/readyz")).toMatchObject({
      status: 503,
      body: "not ready to take the VIP: the configuration has errors; see problems\n",
    });
  });

  it("are four", () => {
    const { get } = observe([], HOLDER);
    expect(["/healthz", "/readyz", "/metrics", "/status"].map((path) => get(path)?.status)).toEqual([
      200, 200, 200, 200,
    ]);
    expect(get("/debug")).toBeUndefined();
  });
});

describe("the log", () => {
  it("says the same error once a minute, and counts it each time", () => {
    const trouble: Happening = { t: "trouble", where: "api", code: "API_UNREACHABLE", message: "refused" };
    const { lines, get } = observe([trouble, trouble, trouble], HOLDER);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "debug", "debug"]);
    expect(get("/metrics")?.body).toContain('troubles_total{where="api",code="API_UNREACHABLE"} 3\n');
  });
});

it("makes a line of what comes with every tick for those who debug only, and counts it always", () => {
  const sent: Happening = { t: "frames-sent", form: "gratuitous-request", count: 7 };
  expect(observe([sent], HOLDER).lines).toEqual([]);
  expect(observe([sent], HOLDER).get("/metrics")?.body).toMatch(/gratuitous-request.*7/);
  expect(observe([sent], HOLDER, 0, true).lines).toHaveLength(1);
});

describe("an Event", () => {
  it("of a take tells of the move that the very same Happening completes", () => {
    const drafts: EventDraft[] = [];
    const clock = { nowMs: () => 5 };
    const observer = new Observer({
      version: "0.1.0",
      identity: "b_b_b",
      clock,
      write: () => undefined,
      isDebug: false,
      wallTime: () => "",
    });
    observer.recordEventsBy((draft) => drafts.push(draft));
    const change = { from: "a_a_a", to: "b_b_b", cause: "not-renewed", transitions: 4, knownForMs: 15_000 } as const;
    observer.tell({ t: "holder-changed", ...change }, 20_000);
    observer.tell({ t: "took", transitions: 4, wonToFirstFrameMs: 2 }, 20_002);
    const note = "b took the VIP from a: not renewed for the lease duration; not served for 15.0 s";
    expect(drafts).toEqual([{ reason: "VipTaken", note }]);
  });
});

describe("no credential that a message of others contains", () => {
  const SECRET = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0uVq3bWvVYkQ0sVfUo3";
  const leak = `admin.conf:19: bad\n client-key-data: ${SECRET}\n Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln -----BEGIN EC PRIVATE KEY-----\n${SECRET.slice(0, 20)}\n-----END EC PRIVATE KEY-----`;
  const problem = { severity: "error", code: leak, field: leak, position: undefined, message: leak } as const;
  const happenings: readonly Happening[] = [
    { t: "trouble", where: "api", code: leak, message: leak },
    { t: "transition", machine: "election", from: "holding", to: leak, reason: leak },
    { t: "notice", notice: { t: "transfer-refused", reason: leak } },
    { t: "problem", problem },
    { t: "lease-request", verb: "get", outcome: "refused", durationMs: 1, endpoint: leak },
    { t: "lease-write", purpose: "renew", result: leak, durationMs: 1 },
    { t: "restored", what: leak },
    { t: "holder-changed", from: leak, to: leak, cause: "renamed", transitions: 1, knownForMs: 0 },
  ];
  const snapshot: Snapshot = { ...HOLDER, ready: false, reason: leak, role: leak, problems: [problem] };
  const { lines, get } = observe(happenings, snapshot, 0, true);
  const parts = [SECRET.slice(0, 20), SECRET.slice(30, 50), "eyJhbGciOiJSUzI1NiJ9", "BEGIN"];

  it.each(["/healthz", "/readyz", "/metrics", "/status"])("is on %s", (path) => {
    const body = get(path)?.body ?? "";
    expect(parts.filter((part) => body.includes(part))).toEqual([]);
  });

  it("is in the log", () => {
    expect(lines).toHaveLength(happenings.length);
    const text = JSON.stringify(lines);
    expect(text).toContain("[redacted]");
    expect(parts.filter((part) => text.includes(part))).toEqual([]);
  });
});
