import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const FILE = `raw_socket-linux-${process.arch}.node`;
const BUILT = join(import.meta.dirname, "..", "build", FILE);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "raw-socket-"));
  cpSync(import.meta.dirname, join(folder, "src"), { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens a netlink socket with the copy of the sources. */
function open(): string {
  const source = `
    import { openNetlinkSocket } from ${JSON.stringify(join(folder, "src", "index.ts"))};
    try {
      openNetlinkSocket({ protocol: 0, onMessage: () => undefined, onError: () => undefined });
      console.log("opened");
    } catch (error) {
      console.log(error.message);
    }
  `;
  return spawnSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" }).stdout;
}

test("the native file is found where the build puts it", () => {
  mkdirSync(join(folder, "build"));
  copyFileSync(BUILT, join(folder, "build", FILE));
  expect(open()).toBe("opened\n");
});

test("the native file is found beside a bundle", () => {
  copyFileSync(BUILT, join(folder, "src", FILE));
  expect(open()).toBe("opened\n");
});

test("a missing native file is said to be, with what to do", () => {
  expect(open()).toContain(`RAW_SOCKET_UNSUPPORTED: cannot open a socket: ${FILE} is missing. Run`);
});

test("a native file that is none is said to be, with what to do", () => {
  copyFileSync(import.meta.filename, join(folder, "src", FILE));
  expect(open()).toMatch(/RAW_SOCKET_UNSUPPORTED: .* cannot be loaded\. Compile it/);
});
