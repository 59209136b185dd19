// What the checks make of facts that a namespace does not show easily. The rest is test/kernel/doctor.test.ts's matter.
import { expect, test } from "vitest";
import type { SidecarAnswer } from "../../adapters/sidecar-page.ts";
import { type LeaseRecord, MAC_ANNOTATION } from "../../election/lease-record.ts";
import type { Check } from "../check.ts";
import type { ApiServerLook, ContainerLooks, LeaseLook, Looks } from "../looks.ts";
import { api, clock } from "./api.ts";
import { configuration, sidecar } from "./container.ts";
import { vipInterface } from "./interface.ts";
import { lease } from "./lease.ts";
import { vip } from "./segment.ts";

const RECORD: LeaseRecord = {
  uid: "u",
  resourceVersion: "7",
  holderIdentity: "pod-0_uid_nonce",
  leaseDurationSeconds: 15,
  leaseTransitions: 1,
  acquireTime: undefined,
  renewTime: undefined,
  annotations: {},
  raw: undefined,
};

const FOUND: LeaseLook = { t: "found", lease: RECORD, renewedAgoMs: 1_200 };
const REFUSED: LeaseLook = { t: "failed", code: "API_FORBIDDEN", message: "it does not let us." };
const OWN: ApiServerLook = {
  name: "https://127.0.0.1:6443",
  own: true,
  lease: FOUND,
  clock: { offsetMs: 0, offByMs: 510 },
  certificateEndsInMs: undefined,
};
const PEER: ApiServerLook = { ...OWN, name: "https://10.244.0.12:8443", own: false };

/** "code or severity: sentence" of each, in order. */
async function verdicts<L>(check: Check<L>, looks: Partial<Looks>): Promise<readonly string[]> {
  const config = { lease: { namespace: "kube-system", name: "vip", leaseDurationMs: 15_000 } };
  const found = await check.examine({ config, ...looks } as L);
  return found.map((verdict) => `${"code" in verdict ? verdict.code : verdict.t}: ${verdict.sentence}`);
}

function withServers(...servers: readonly ApiServerLook[]): Pick<Looks, "apiServers"> {
  return { apiServers: async () => servers };
}

test.each<readonly [what: string, look: LeaseLook, said: string]>([
  ["held", FOUND, "ok: kube-system/vip is held by pod-0_uid_nonce, renewed 1.2 s ago by its clock, 1 transition"],
  ["missing", { t: "missing" }, "LEASE_MISSING: there is no Lease kube-system/vip: no replica takes part"],
  ["vacant", { ...FOUND, lease: { ...RECORD, holderIdentity: "" } }, "LEASE_VACANT: kube-system/vip names no holder"],
  [
    "not renewed",
    { ...FOUND, renewedAgoMs: 15_100 },
    "LEASE_STALE: kube-system/vip is held by pod-0_uid_nonce, which renewed it 15.1 s ago by its clock",
  ],
  [
    "of another duration",
    { ...FOUND, lease: { ...RECORD, leaseDurationSeconds: 5 } },
    "LEASE_DURATION_DIFFERS: kube-system/vip says 5 s, and leaseDuration is 15 s here",
  ],
  ["not to be read", REFUSED, "unknown: kube-system/vip cannot be read: it does not let us."],
])("a Lease that is %s", async (_what, look, said) => {
  expect(await verdicts(lease, withServers({ ...OWN, lease: look }))).toEqual([said]);
});

test("the Lease is read through a peer where our own API server gives none", async () => {
  expect(await verdicts(lease, withServers({ ...OWN, lease: REFUSED }, PEER))).toEqual([
    expect.stringMatching(/^ok: /),
  ]);
});

const POD_NETWORK = { name: "cbr0", interface: "eth0", default: true };

test.each<readonly [told: string, networkStatus: string | undefined, said: RegExp]>([
  ["nothing", undefined, /is not there; whether Multus attached anything is not known here/],
  ["an empty annotation", "", /is not there; when the container started, .* or said so later$/],
  ["of the pod network only", JSON.stringify([POD_NETWORK]), /is not there: Multus attached nothing to this pod$/],
  [
    "of another attachment",
    JSON.stringify([POD_NETWORK, { name: "a/b", interface: "vip0" }]),
    /is not there: Multus attached vip0 \(a\/b\), and no net1$/,
  ],
])("a missing interface is explained to whom was told %s", async (_told, networkStatus, said) => {
  const config = { vip: { interfaceName: "net1" }, kubeApi: { peersInSlice: false } };
  const looks = { config, link: async () => undefined, networkStatus };
  expect(await verdicts(vipInterface, looks as unknown as Looks)).toEqual([expect.stringMatching(said)]);
});

test.each([
  ["the pod network's in a pod", false, /^INTERFACE_IS_POD_NETWORK: /],
  ["like any other on a bare control plane", true, /^ok: eth0 is up/],
])("eth0 is %s", async (_whose, peersInSlice, said) => {
  const config = { vip: { interfaceName: "eth0" }, kubeApi: { peersInSlice } };
  const link = { name: "eth0", up: true, carrier: true, kind: undefined, mac: OTHER_MAC, mtuBytes: 1500 };
  const looks = { config, link: async () => link, networkStatus: undefined };
  expect(await verdicts(vipInterface, looks as unknown as Looks)).toEqual([expect.stringMatching(said)]);
});

const OTHER_MAC = "02:00:00:00:00:07";
const HOLDER_MAC = "02:00:00:00:00:01";
const SAID_MAC: LeaseLook = { ...FOUND, lease: { ...RECORD, annotations: { [MAC_ANNOTATION]: HOLDER_MAC } } };

test.each<readonly [what: string, answeredBy: readonly string[], lease: LeaseLook, said: RegExp]>([
  ["by the holder", [HOLDER_MAC], SAID_MAC, /^ok: .* by the Lease's holder pod-0_uid_nonce, at 02:00:00:00:00:01$/],
  ["by the holder and another", [HOLDER_MAC, OTHER_MAC], SAID_MAC, /^VIP_STRANGER: .* by 02:00:00:00:00:07, while/],
  ["by nobody, though it is held", [], SAID_MAC, /^VIP_UNANSWERED: /],
  ["while nobody holds it", [OTHER_MAC], { t: "missing" }, /^VIP_STRANGER: .*, while nobody holds the Lease$/],
  ["by nobody, as it should be", [], { t: "missing" }, /^ok: nobody answers/],
  ["under a holder of kube-vip's", [OTHER_MAC], FOUND, /^unknown: 02:00:00:00:00:07 answers .* does not say/],
  ["twice under a holder of kube-vip's", [OTHER_MAC, HOLDER_MAC], FOUND, /^VIP_STRANGER: /],
  ["when the Lease cannot be read", [OTHER_MAC], REFUSED, /^unknown: /],
])("a VIP that is answered for %s", async (_what, answeredBy, look, said) => {
  const network = { addresses: { complete: true, items: [] }, vip: [] };
  const looks = {
    config: { vip: { address: "10.100.0.100", interfaceName: "net1" }, routing: { protocol: 83 } },
    link: async () => ({ index: 2, name: "net1" }),
    whoHas: async () => answeredBy,
    network: async () => network,
    ...withServers({ ...OWN, lease: look }),
  };
  expect(await verdicts(vip, looks as unknown as Looks)).toEqual([expect.stringMatching(said)]);
});

test("our own API server's refusal is an error, a peer's is a warning", async () => {
  const severities = async (...servers: readonly ApiServerLook[]) =>
    (await api.examine(withServers(...servers) as Looks)).map(({ t }) => t);
  expect(await severities({ ...OWN, lease: REFUSED }, PEER)).toEqual(["ok", "error"]);
  expect(await severities(OWN, { ...PEER, lease: REFUSED })).toEqual(["ok", "warning"]);
  expect(await severities({ ...OWN, lease: REFUSED })).toEqual(["error"]);
});

test("clocks differ only beyond what an answer's time can tell", async () => {
  const off = (offsetMs: number) => withServers(OWN, { ...PEER, clock: { offsetMs, offByMs: 600 } });
  expect(await verdicts(clock, off(2_600))).toEqual([expect.stringMatching(/^ok: /)]);
  expect(await verdicts(clock, off(2_700))).toEqual([
    "CLOCK_DIFFERS: the clock of https://10.244.0.12:8443 is 3 s ahead of ours",
  ]);
  expect(await verdicts(clock, off(-90_000))).toEqual([expect.stringContaining("is 90 s behind ours")]);
});

test.each<readonly [state: string, status: object, said: readonly string[]]>([
  ["ready", { role: "waiting", ready: true, reason: "" }, ["ok: its role is waiting, ready"]],
  ["passive", { role: "passive", reason: "see problems" }, ["SIDECAR_PASSIVE: it takes no part: see problems"]],
  [
    "in trouble",
    {
      role: "waiting",
      ready: false,
      reason: "net1 is missing",
      troubles: [{ where: "api", code: "API_FORBIDDEN", message: "API_FORBIDDEN: not let in." }],
    },
    [
      "SIDECAR_NOT_READY: its role is waiting, and it cannot take the VIP now: net1 is missing",
      "API_FORBIDDEN: api: not let in.",
    ],
  ],
])("a sidecar that is %s says so itself", async (_state, status, said) => {
  const answer = { t: "answered", status: { troubles: [], ready: false, ...status } } as unknown as SidecarAnswer;
  expect(await verdicts<ContainerLooks>(sidecar, { sidecar: async () => answer })).toEqual(said);
});

test("a problem of the configuration keeps its place, code and severity", async () => {
  const position = { file: "config.yaml", line: 4, column: 13 };
  const field = "controlPlane.endpoint";
  const problem = { severity: "error", code: "ENDPOINT_WITHOUT_PORT", field, position, message: "append it" } as const;
  expect(await verdicts<ContainerLooks>(configuration, { problems: [problem] })).toEqual([
    "ENDPOINT_WITHOUT_PORT: config.yaml:4:13: controlPlane.endpoint: append it",
  ]);
});
