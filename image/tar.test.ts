import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Entry, tarball } from "./tar.ts";

const file = (path: string, text: string, executable = false): Entry => ({
  t: "file",
  path,
  content: Buffer.from(text),
  executable,
});

/** The second opinion: tar's own listing, in UTC. */
function listed(archive: Uint8Array): readonly string[] {
  const { stdout, status } = spawnSync("tar", ["--list", "--verbose", "--numeric-owner", "--utc", "--full-time"], {
    input: archive,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  return stdout.trim().split("\n");
}

test("tar lists files, links and the folders on the way, sorted, of user 0 and of the one time", () => {
  const link: Entry = { t: "link", path: "usr/bin/b", target: "../lib/b" };
  const archive = tarball([link, file("usr/lib/b", "text", true), file("etc/passwd", "")], 86_400);
  expect(listed(archive).map((line) => line.replace(/ +/g, " "))).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-02 00:00:00 etc/",
    "-rw-r--r-- 0/0 0 1970-01-02 00:00:00 etc/passwd",
    "drwxr-xr-x 0/0 0 1970-01-02 00:00:00 usr/",
    "drwxr-xr-x 0/0 0 1970-01-02 00:00:00 usr/bin/",
    "lrwxrwxrwx 0/0 0 1970-01-02 00:00:00 usr/bin/b -> ../lib/b",
    "drwxr-xr-x 0/0 0 1970-01-02 00:00:00 usr/lib/",
    "-rwxr-xr-x 0/0 4 1970-01-02 00:00:00 usr/lib/b",
  ]);
});

test("the order in which the entries come does not matter", () => {
  const entries = [file("a", "1"), file("b/c", "2"), file("b.d", "3")];
  expect(Buffer.compare(tarball(entries, 0), tarball(entries.toReversed(), 0))).toBe(0);
});

test.each([0, 1, 511, 512, 513])("a file of %i bytes comes out as it went in", (length) => {
  const text = "x".repeat(length);
  const { stdout } = spawnSync("tar", ["--extract", "--to-stdout", "a"], {
    input: tarball([file("a", text), file("b", "other")], 0),
    encoding: "utf8",
  });
  expect(stdout).toBe(text);
});

test("a name that does not fit its field is refused", () => {
  expect(() => tarball([file("x".repeat(101), "")], 0)).toThrow(/^IMAGE_NAME_TOO_LONG: /);
});
