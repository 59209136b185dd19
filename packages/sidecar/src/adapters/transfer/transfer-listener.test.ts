import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TransferRequest } from "../../transfer/line.ts";
import type { TransferOutcome } from "../../transfer/outcome.ts";
import { askTransfer } from "./ask-transfer.ts";
import { TransferListener } from "./transfer-listener.ts";

const MOVED: TransferOutcome = { t: "moved", to: "b", tookMs: 12.5, acknowledged: "1/1" };

let root: string;
let path: string;
let asked: TransferRequest[];
let troubles: string[];
let answer: () => Promise<TransferOutcome>;
let listener: TransferListener;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "transfer-"));
  path = join(root, "own", "1.sock");
  asked = [];
  troubles = [];
  answer = async () => MOVED;
  listener = new TransferListener({
    path,
    onRequest: (request) => {
      asked.push(request);
      return answer();
    },
    onUnavailable: (message) => troubles.push(message),
  });
});

afterEach(() => {
  listener.close();
  rmSync(root, { recursive: true });
});

/** Whatever comes back for these bytes until the other side closes. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ path }, () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    // Refused or reset: nothing came.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

describe("the transfer socket", () => {
  it("answers the command with how it went", async () => {
    listener.start();
    expect(await askTransfer(path, { to: "my-vcluster-1" })).toEqual({ t: "answered", outcome: MOVED });
    expect(await askTransfer(path, { to: undefined })).toEqual({ t: "answered", outcome: MOVED });
    expect(asked).toEqual([{ to: "my-vcluster-1" }, { to: undefined }]);
  });

  it("has room for a reason for every replica", async () => {
    listener.start();
    const stayed: TransferOutcome = { t: "stayed", reason: "not ready; ".repeat(700) };
    answer = async () => stayed;
    expect(await askTransfer(path, { to: undefined })).toEqual({ t: "answered", outcome: stayed });
  });

  it("lies in a folder that only its own user can enter", () => {
    listener.start();
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["a word that is no request", "hello\n"],
    ["a line without end", "x".repeat(2_000)],
  ])("closes on %s, and asks nobody", async (_what, bytes) => {
    listener.start();
    expect(await send(bytes)).toBe("");
    expect(asked).toEqual([]);
  });

  it("serves one at a time", async () => {
    listener.start();
    const first = Promise.withResolvers<TransferOutcome>();
    answer = () => first.promise;
    const waiting = askTransfer(path, { to: "b" });
    await expect.poll(() => asked.length).toBe(1);
    expect(await askTransfer(path, { to: "c" })).toMatchObject({ t: "silent" });
    first.resolve(MOVED);
    expect(await waiting).toEqual({ t: "answered", outcome: MOVED });
    expect(asked).toEqual([{ to: "b" }]);
  });

  it("takes the place of what a killed process left", async () => {
    mkdirSync(dirname(path), { mode: 0o700 });
    writeFileSync(path, "");
    listener.start();
    expect(await askTransfer(path, { to: undefined })).toMatchObject({ t: "answered" });
  });

  it("is gone with its owner", async () => {
    listener.start();
    await askTransfer(path, { to: undefined });
    listener.close();
    expect(await askTransfer(path, { to: undefined })).toEqual({ t: "silent", reason: "ENOENT" });
  });

  it.each([
    ["that others can enter", () => mkdirSync(dirname(path), { mode: 0o755 })],
    ["that is a link", () => symlinkSync(root, dirname(path))],
  ])("refuses a folder %s, and says so once", async (_what, lay) => {
    lay();
    listener.start();
    expect(troubles).toEqual([expect.stringMatching(/^TRANSFER_UNAVAILABLE: .* remove it$/)]);
    expect(await askTransfer(path, { to: undefined })).toMatchObject({ t: "silent" });
  });
});
