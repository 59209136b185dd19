/** The API servers that the EndpointSlice `kubernetes` names: as read, and as peers of a lock on real connections. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fault, RequestSeen } from "../../testing/lease-api/faults.ts";
import { sliceAddresses } from "./endpoint-slice.ts";
import { Bed, draft } from "./kube-lease-lock.bed.ts";

const TIMEOUT_MS = 3000;

/** As kube-apiserver 1.34 writes it. */
function slice(addresses: readonly string[]): string {
  return JSON.stringify({
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { name: "kubernetes", namespace: "default" },
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "https", protocol: "TCP", port: 6443 }],
  });
}

describe("what a slice names", () => {
  function check(status: number, body: string | undefined, expected: readonly string[] | undefined) {
    expect(sliceAddresses({ t: "answered", status, retryAfterMs: undefined, body })).toEqual(expected);
  }

  test("is each API server's address", () => check(200, slice(["10.0.0.1", "10.0.0.2"]), ["10.0.0.1", "10.0.0.2"]));

  test("is nothing where an entry is no address", () => {
    check(200, slice(["10.0.0.1", "kubernetes.default", "010.0.0.2"]), ["10.0.0.1"]);
    check(200, '{"endpoints":[null,{},{"addresses":"10.0.0.1"},{"addresses":[]}]}', []);
  });

  test("is unknown where the answer is no slice", () => {
    for (const body of [undefined, "", "{", "[]", '{"endpoints":{}}']) check(200, body, undefined);
    for (const status of [401, 403, 404, 500]) check(status, slice(["10.0.0.1"]), undefined);
  });

  test("is unknown where there was no answer", () => {
    expect(sliceAddresses({ t: "unsent", code: "ECONNREFUSED" })).toBeUndefined();
  });
});

describe("as peers", () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await Bed.make();
  });
  afterEach(() => bed.end());

  /** Our own API server, which answers for the slice as told, and a peer's at another loopback address. */
  async function pair(ofSlice: Fault) {
    const own = await bed.serve();
    const peer = await bed.serve(0, "127.0.0.2");
    const isSlice = ({ path }: RequestSeen) => path.endsWith("/endpointslices/kubernetes");
    own.fault = (seen) => (isSlice(seen) ? ofSlice : undefined);
    await bed.admit(own.url);
    const lock = bed.lock({ peersInSlice: true, peersPort: peer.port, ownAddress: "127.0.0.9" });
    while (!bed.reports.some(({ verb }) => verb === "peers")) await lock.read(TIMEOUT_MS);
    return { own, peer, lock };
  }

  test("they are asked when our own API server is gone, and with it whoever could name them", async () => {
    const { own, peer, lock } = await pair({ t: "answer", status: 200, body: slice(["127.0.0.9", "127.0.0.2"]) });
    await own.api.close();
    expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
    expect(peer.api.requests.map(({ verb }) => verb)).toContain("create");
  });

  test("who may not read the slice is told once, and renews all the same", async () => {
    const { lock } = await pair({ t: "answer", status: 403 });
    expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
    expect(bed.problems.map((problem) => problem?.code)).toEqual(["API_PEERS_FORBIDDEN"]);
  });
});
