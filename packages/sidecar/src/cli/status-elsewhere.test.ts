/** The command from elsewhere, with kubectl's ways to name a kubeconfig, against an API server that has the Lease. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createCertificateAuthority, kubeconfig } from "../testing/lease-api/certificates.ts";
import { LeaseApi } from "../testing/lease-api/lease-api.ts";
import { createLease } from "../testing/lease-api/lease-resource.ts";
import { LeaseStore } from "../testing/lease-store.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const AT = "2026-01-02T03:04:05.000000Z";
const EVENT = {
  involvedObject: { kind: "Lease", name: "vcluster-kube-vip" },
  reportingComponent: "vcluster-kube-vip",
  reportingInstance: "vcluster-1",
  eventTime: AT,
  type: "Normal",
  reason: "VipTaken",
  message: "vcluster-1 took the VIP",
};
const EVENTS = { status: 200, body: JSON.stringify({ items: [EVENT] }) };
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "status-"));
const path = join(folder, "virtual.conf");
const other = join(folder, "other.conf");
let api: LeaseApi;
let events: { readonly status: number; readonly body: string } = EVENTS;

beforeAll(async () => {
  const store = new LeaseStore();
  const authority = await createCertificateAuthority();
  api = new LeaseApi({
    store,
    tls: { server: await authority.server(["127.0.0.1"]), clientCa: authority.certificate },
    faultOf: (seen) => (seen.path.endsWith("/events") ? { t: "answer", ...events } : undefined),
  });
  const url = await api.listen();
  const client = await authority.client("kubernetes-admin");
  writeFileSync(path, kubeconfig(url, authority, client));
  writeFileSync(other, kubeconfig("https://127.0.0.1:9", authority, client).replaceAll("kubernetes", "other"));
  for (const namespace of ["kube-system", "team-x"]) {
    const spec = { holderIdentity: `${namespace}-1_uid_nonce`, leaseDurationSeconds: 15, leaseTransitions: 4 };
    createLease(store, namespace, {
      metadata: { namespace, name: "vcluster-kube-vip" },
      spec: { ...spec, acquireTime: AT },
    });
  }
});

afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<readonly [code: number, text: string]> {
  return new Promise((ended) => {
    const options = { env: { PATH: process.env["PATH"], HOME: folder, ...env } };
    execFile(process.execPath, [MAIN, "status", ...args], options, (error, stdout, stderr) => {
      ended([typeof error?.code === "number" ? error.code : 0, stdout + stderr]);
    });
  });
}

test("--kubeconfig shows the holder and the Events, and says plainly what it cannot show", async () => {
  const [code, text] = await run(["--kubeconfig", path]);
  expect(code).toBe(0);
  expect(text).toMatch(/^holder +kube-system-1 since 2026-01-02T03:04:05Z, .+\(kube-system-1_uid_nonce\)$/m);
  expect(text).toMatch(/^2026-01-02T03:04:05Z +VipTaken +1 +vcluster-1 +vcluster-1 took the VIP$/m);
  expect(text).toMatch(/^not known: from the API alone it is not known which replicas are ready, .*kubectl exec POD/m);
});

test("-n is the Lease's namespace", async () => {
  expect(await run(["--kubeconfig", path, "-n", "team-x"])).toEqual([0, expect.stringContaining("team-x-1 since")]);
});

test("--context chooses among the files of $KUBECONFIG, of which the first wins", async () => {
  const env = { KUBECONFIG: `${other}:${path}:${join(folder, "missing")}` };
  const context = "kubernetes-super-admin@kubernetes";
  expect(await run(["--context", context], env)).toEqual([0, expect.stringContaining("kube-system-1 since")]);
});

test("a Lease that is not there is said, with status 0: the API answered", async () => {
  const [code, text] = await run(["--kubeconfig", path, "--lease-name", "another"]);
  expect([code, text]).toEqual([0, expect.stringContaining("there is no Lease kube-system/another")]);
});

test("Events that may not be read are not known, and the rest is", async () => {
  events = { status: 403, body: "{}" };
  const [code, text] = await run(["--kubeconfig", path, "--json"]);
  events = EVENTS;
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    events: null,
    lease: { holderIdentity: "kube-system-1_uid_nonce" },
    unknown: [expect.stringContaining("its Events, which the API did not give (status 403)"), expect.anything()],
  });
});

test.each([
  ["there is no such file", ["--kubeconfig", "/nowhere"], {}, /^KUBECONFIG_INVALID: /],
  ["there is no such context", ["--kubeconfig", path, "--context", "no"], {}, /^KUBECONFIG_INVALID: .*current-context/],
  ["there is no kubeconfig at all", ["--context", "any"], {}, /^KUBECONFIG_MISSING: .*--kubeconfig/],
  ["nobody answers", ["--kubeconfig", other], {}, /^API_UNREACHABLE: https:\/\/127\.0\.0\.1:9 gives no answer/],
  ["the Lease's name is none", ["--kubeconfig", path, "--lease-name", "A B"], {}, /--lease-name: expected/],
])("where %s there is a sentence, and status 1", async (_what, args, env, sentence) => {
  expect(await run(args, env)).toEqual([1, expect.stringMatching(sentence)]);
});
