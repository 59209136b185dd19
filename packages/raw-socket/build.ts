/**
 * Compiles native/raw_socket.c to build/raw_socket-linux-ARCH.node, only if that is older than its source.
 * Needs a C compiler and Node's headers, which the node-linux-ARCH package of the workspace carries: no node-gyp, no
 * download. `pnpm install` runs it; the optional argument ("x64", "arm64") compiles for another architecture with CC.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-shared", "-s"];
const COMPILE_TIMEOUT_MS = 60_000;

function isFresh(output: string, source: string): boolean {
  return existsSync(output) && statSync(output).mtimeMs >= statSync(source).mtimeMs;
}

/** The headers of the workspace's pinned Node, else of the Node that runs this. Node-API makes any of them right. */
function findHeaders(): string | undefined {
  const require = createRequire(import.meta.url);
  const candidates = [join(dirname(process.execPath), "..", "include", "node")];
  for (const arch of ["x64", "arm64"]) {
    try {
      candidates.unshift(join(dirname(require.resolve(`node-linux-${arch}/package.json`)), "include", "node"));
    } catch {
      // Not installed: pnpm leaves out optional packages of other architectures.
    }
  }
  return candidates.find((folder) => existsSync(join(folder, "node_api.h")));
}

/** CC (which may carry arguments, as in "ccache gcc") wins; otherwise the first compiler that exists. */
function findCompiler(): readonly string[] | undefined {
  const { CC = "" } = process.env;
  const preferred = CC.split(" ").filter((word) => word !== "");
  const candidates = preferred.length > 0 ? [preferred] : [["cc"], ["gcc"], ["clang"]];
  return candidates.find(([command = ""]) => spawnSync(command, ["--version"]).status === 0);
}

/** Returns what is wrong, as one sentence that says what to do; undefined when the file is there. */
function compile(arch: string): string | undefined {
  const source = join(import.meta.dirname, "native", "raw_socket.c");
  const output = join(import.meta.dirname, "build", `raw_socket-linux-${arch}.node`);
  if (isFresh(output, source)) return undefined;
  const headers = findHeaders();
  if (headers === undefined) return "Node's header files (node_api.h) are missing: run `npx -y pnpm@12 install` first.";
  const compiler = findCompiler();
  if (compiler === undefined)
    return "no C compiler found: install one (Debian: `apt-get install gcc libc6-dev`, Alpine: `apk add gcc musl-dev`) or set CC.";
  mkdirSync(dirname(output), { recursive: true });
  // Compiled aside and renamed, so that two installs at once never load half a file.
  const unfinished = `${output}.${process.pid}`;
  const [command = "", ...rest] = compiler;
  const { status, error } = spawnSync(command, [...rest, ...FLAGS, `-I${headers}`, source, "-o", unfinished], {
    stdio: "inherit",
    timeout: COMPILE_TIMEOUT_MS,
  });
  if (status === 0) renameSync(unfinished, output);
  else rmSync(unfinished, { force: true });
  return status === 0
    ? undefined
    : `${command} did not compile ${source}: ${error?.message ?? "see its messages above"}.`;
}

if (process.platform === "linux") {
  const problem = compile(process.argv[2] ?? process.arch);
  if (problem !== undefined) {
    process.stderr.write(`raw-socket: ${problem}\n`);
    process.exitCode = 1;
  }
} else {
  // Not an error: the commands that only read files work everywhere. Opening a socket says RAW_SOCKET_UNSUPPORTED.
  process.stderr.write(`raw-socket: not compiled, ${process.platform} has no AF_PACKET and AF_NETLINK.\n`);
}
