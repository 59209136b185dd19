import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../config/load.ts";
import { FILE_CHARACTERS_MAX } from "../config/yaml-problems.ts";
import { gatherSettings } from "./settings.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(content: string | Uint8Array): string {
  const path = join(folder, "config.yaml");
  writeFileSync(path, content);
  return path;
}

test("the file that a flag names is read, before one that the environment names", () => {
  const configFile = write("a: é\n");
  const input = gatherSettings({ configFile }, { VCLUSTER_KUBE_VIP_CONFIG_FILE: "/nowhere" });
  expect(input.file).toEqual({ name: configFile, text: "a: é\n" });
});

test("without a file at the usual place there is none, and that is no error", () => {
  expect(gatherSettings({}, {}).file).toBeUndefined();
});

test("a file that was asked for and is not there is one", () => {
  const configFile = join(folder, "absent.yaml");
  const result = loadConfig(gatherSettings({ configFile }, {}));
  expect(result.problems[0]?.code).toBe("FILE_UNREADABLE");
  expect(result.problems[0]?.message).toContain("ENOENT");
});

test("a folder in the file's place is told, not thrown", () => {
  expect(loadConfig(gatherSettings({ configFile: folder }, {})).problems[0]?.message).toContain("EISDIR");
});

test("a path that is none is told, and the usual place looked at", () => {
  const input = gatherSettings({ configFile: "config.yaml" }, {});
  expect(input.file).toBeUndefined();
  expect(loadConfig(input).problems.map(({ code }) => code)).toContain("PATH_INVALID");
});

test("a file without end is read only until it is known to be too large", () => {
  expect(loadConfig(gatherSettings({ configFile: "/dev/zero" }, {})).problems[0]?.code).toBe("FILE_TOO_LARGE");
});

test("a file of as many characters as allowed is read whole, however many bytes they take", () => {
  const { file } = gatherSettings({ configFile: write("€".repeat(FILE_CHARACTERS_MAX)) }, {});
  expect(file).toHaveProperty("text.length", FILE_CHARACTERS_MAX);
});

test("bytes that are no UTF-8 are told", () => {
  const configFile = write(new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe]));
  expect(loadConfig(gatherSettings({ configFile }, {})).problems[0]?.code).toBe("FILE_NOT_TEXT");
});

test("the machine's facts have the form that the identity needs", () => {
  const { facts } = gatherSettings({}, {});
  expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(facts.hostname).not.toBe("");
});
