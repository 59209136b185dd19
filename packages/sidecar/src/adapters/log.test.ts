import { execFileSync } from "node:child_process";
import { constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogLevel, LogLine } from "../observe/log-line.ts";
import { openLog } from "./log.ts";

const LINE: LogLine = {
  level: "info",
  fields: {
    event: "transition",
    machine: "vip",
    from: "held",
    to: "withdrawing",
    reason: "silence",
    missing: undefined,
  },
  message: "vip: held -> withdrawing",
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "log-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function written(level: LogLevel, lines: readonly LogLine[]): Promise<readonly Record<string, unknown>[]> {
  const path = join(folder, "log");
  const log = openLog({ level, identity: "a_b_c", fd: openSync(path, "w") });
  for (const line of lines) log.write(line);
  await log.close();
  const text = readFileSync(path, "utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

describe("the log", () => {
  it("is one JSON object a line with level, time, identity, event and message", async () => {
    const [line, ...others] = await written("info", [LINE]);
    expect(others).toEqual([]);
    expect(line).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      identity: "a_b_c",
      event: "transition",
      machine: "vip",
      from: "held",
      to: "withdrawing",
      reason: "silence",
      message: "vip: held -> withdrawing",
    });
  });

  it("leaves out what is below its level", async () => {
    const all = (["debug", "info", "warn", "error"] as const).map((level): LogLine => ({ ...LINE, level }));
    expect((await written("warn", all)).map((line) => line["level"])).toEqual(["warn", "error"]);
    expect(await written("debug", all)).toHaveLength(4);
  });

  it("does not wait for a reader who stopped reading, and tells how much it dropped", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    // Both ends at once, since opening one waits for the other; writing to a full pipe blocks, as stdout's does.
    const log = openLog({ level: "info", identity: "a_b_c", fd: openSync(path, constants.O_RDWR) });
    const long: LogLine = { ...LINE, message: "x".repeat(10_000) };
    for (let i = 0; i < 200; i += 1) log.write(long);
    const reader = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true });
    const lines = createInterface(reader)[Symbol.asyncIterator]();
    let read = 0;
    let dropped: unknown;
    // Once there is room again, the next line that is written tells what is missing before it.
    while (dropped === undefined) {
      if (read === 50) log.write(LINE);
      const { value } = await lines.next();
      dropped = (JSON.parse(value ?? "") as Record<string, unknown>)["droppedLines"];
      read += 1;
    }
    expect(dropped).toBe(200 - (read - 1));
    await log.close();
    reader.destroy();
  });

  it("survives a stdout that cannot be written", async () => {
    const log = openLog({ level: "info", identity: "a_b_c", fd: openSync("/dev/full", "w") });
    for (let i = 0; i < 5; i += 1) {
      log.write(LINE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect(log.close()).resolves.toBeUndefined();
  });
});
