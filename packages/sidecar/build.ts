/**
 * Bundles src/main.ts and everything it needs into dist/vcluster-kube-vip.mjs, one file that any Node 24 runs, and puts
 * the native file beside it. What client-node and pino carry and nobody calls here is left out: it costs 20 MB of
 * memory and 0.1 s at each start (docs/decisions/0004-lease-transport.md).
 */
import { copyFileSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, join, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

/**
 * What client-node imports for proxies, OIDC, cloud logins and its generated API classes, by module; and what pino needs
 * to log from a thread of its own.
 */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  undici: ["Agent", "ProxyAgent"],
  socks: ["SocksClient"],
  "socks-proxy-agent": ["SocksProxyAgent"],
  hpagent: ["HttpProxyAgent", "HttpsProxyAgent"],
  "openid-client": ["allowInsecureRequests", "Configuration", "discovery", "refreshTokenGrant"],
  "jsonpath-plus": ["JSONPath"],
  "./gen/index.js": ["createConfiguration", "ServerConfiguration"],
  "thread-stream": ["ThreadStream"],
};
const LEAVING_OUT = /@kubernetes\/client-node\/|\/pino\//;

export const PROGRAM = "vcluster-kube-vip.mjs";
/** Chosen by measurement: the same page. */
export const V8_FLAGS: readonly string[] = ["--lite-mode", "--max-semi-space-size=1"];
/** glibc gives back what the start needed and nothing needs after it (0.8 MB), and threads share one heap (0.2 MB): mallopt(3). */
export const MALLOC_ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: "65536", MALLOC_ARENA_MAX: "1" } as const;

const whatIsUsed: Plugin = {
  name: "what-is-used",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ resolveDir, kind }) =>
      resolve("@kubernetes/client-node/dist/config.js", { resolveDir, kind }),
    );
    onResolve({ filter: /.*/ }, ({ path, importer }) => {
      const isLeftOut = LEAVING_OUT.test(importer) && Object.hasOwn(LEFT_OUT, path);
      return isLeftOut ? { path, namespace: "left-out", sideEffects: false } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => {
      const names = LEFT_OUT[path] ?? [];
      const stubs = names.map(
        (name) => `export function ${name}() { throw new Error("${name} of ${path} is left out of this build"); }`,
      );
      return { contents: stubs.join("\n"), loader: "js" };
    });
  },
};

/**
 * An `import` of one of Node's modules reads all of its exports, and some are getters that load what nobody asked for:
 * node:http's WebSocket is undici, node:crypto's subtle is WebCrypto. Taken this way, only what is used is read.
 */
const builtinsByName: Plugin = {
  name: "builtins-by-name",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^(node:)?/, "node:"), namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}")`,
    }));
  },
};

/** Also for programs other than the sidecar's: the measurements of the decision page. Returns what is in the file. */
export async function bundle(entry: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    metafile: true,
    // The file has its modules' paths from here: the same wherever it is made.
    absWorkingDir: join(import.meta.dirname, "..", ".."),
    platform: "node",
    format: "esm",
    target: "node24",
    // CommonJS in the bundle (pino, commander) asks for node's modules by require.
    banner: {
      js: ['import { createRequire } from "node:module";', "const require = createRequire(import.meta.url);"].join(
        "\n",
      ),
    },
    legalComments: "none",
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [whatIsUsed, builtinsByName],
    logLevel: "warning",
  });
  // The entry's own first line is for running it from a clone.
  const text = readFileSync(outfile, "utf8").replace(/^#!.*\n/, "");
  writeFileSync(outfile, `#!/usr/bin/env -S node ${V8_FLAGS.join(" ")}\n${text}`, { mode: 0o755 });
  return metafile;
}

/** The native file is looked for beside the bundle. */
export function copyNativeFiles(folder: string): void {
  for (const file of globSync(join(import.meta.dirname, "..", "raw-socket", "build", "*.node")))
    copyFileSync(file, join(folder, basename(file)));
}

/** `node build.ts [FOLDER]`, default dist. */
if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "dist"));
  await bundle(join(import.meta.dirname, "src", "main.ts"), join(folder, PROGRAM));
  copyNativeFiles(folder);
}
