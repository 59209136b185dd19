/** The own API server's watch against the embedded one, in real time: killed, frozen, unready, and never there. */

import type { IpAddress } from "@vcluster-kube-vip/routing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProbeResult } from "../../health/own-server.ts";
import { SystemClock } from "../clock.ts";
import { CredentialsFile } from "../kube-api/credentials.ts";
import { Bed, type Served } from "../kube-api/kube-lease-lock.bed.ts";
import { OwnServerWatch, ownServer } from "./own-server-watch.ts";

const clock = new SystemClock();
let bed: Bed;
let watch: OwnServerWatch | undefined;

beforeEach(async () => {
  bed = await Bed.make();
});
afterEach(async () => {
  watch?.close();
  await bed.end();
});

interface Seen {
  readonly t: ProbeResult["t"];
  readonly atMs: number;
}

function follow(listener: number, behind?: number) {
  const seen: Seen[] = [];
  const endpoint = (port: number) =>
    ({ protocol: "https:", host: "127.0.0.1", port, tlsServerName: "kubernetes" }) as const;
  watch = new OwnServerWatch({
    listener: endpoint(listener),
    behind: behind === undefined ? undefined : endpoint(behind),
    credentials: new CredentialsFile(bed.kubeconfigPath),
    clock,
    onProbe: ({ t }) => seen.push({ t, atMs: clock.nowMs() }),
  });
  watch.start();
  return seen;
}

async function reach(seen: readonly Seen[], t: Seen["t"], count = 1): Promise<Seen> {
  for (;;) {
    const found = seen.filter((one) => one.t === t)[count - 1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function served(): Promise<Served> {
  const one = await bed.serve();
  await bed.admit(one.url);
  return one;
}

describe("the own API server", () => {
  it("is known to be dead within milliseconds of its kill, without waiting for the next look", async () => {
    const { api, port } = await served();
    const seen = follow(port);
    await reach(seen, "ready", 2);
    const killedAtMs = clock.nowMs();
    await api.close();
    // The next look is a second after the last: only the held connection can be so early.
    expect((await reach(seen, "refused")).atMs - killedAtMs).toBeLessThan(250);
  });

  it("is known to be dead behind a listener that lives", async () => {
    const listener = await served();
    const behind = await bed.serve();
    const seen = follow(listener.port, behind.port);
    await reach(seen, "ready", 2);
    await behind.api.close();
    await reach(seen, "refused");
  });

  it("is not dead for closing every connection", async () => {
    const { api, port } = await served();
    const seen = follow(port);
    await reach(seen, "ready", 2);
    api.reset();
    await reach(seen, "ready", 4);
    expect(seen.map(({ t }) => t)).not.toContain("refused");
  });

  it("is looked at once a second", async () => {
    const { port } = await served();
    const seen = follow(port);
    const [first, second] = [await reach(seen, "ready"), await reach(seen, "ready", 2)];
    expect(second.atMs - first.atMs).toBeGreaterThan(700);
    expect(second.atMs - first.atMs).toBeLessThan(1300);
  });

  it("gets all connections anew when certificates are renewed, and is not dead for it", async () => {
    const { api, port, url } = await served();
    const seen = follow(port);
    await reach(seen, "ready", 2);
    const before = api.connectionsTotal;
    await bed.admit(url);
    await vi.waitUntil(() => api.connectionsTotal === before + 2, { timeout: 4000 });
    expect(seen.map(({ t }) => t)).not.toContain("refused");
  });

  it("is not refused where it never listened: a first boot", async () => {
    const { api, port } = await served();
    await api.close();
    const seen = follow(port, port);
    expect((await reach(seen, "refused")).t).toBe("refused");
    // From the look alone; the held connection was never open.
    expect(seen.length).toBeLessThanOrEqual(2);
  });
});

it("without a kubeconfig nothing is said against anybody", async () => {
  const seen = follow(1);
  await reach(seen, "unknown");
  expect(seen.map(({ t }) => t)).toEqual(["unknown"]);
});

it.each([
  ["https://127.0.0.1:6443", { host: "127.0.0.1", port: 6443 }],
  ["https://[::1]:6443", { host: "::1", port: 6443 }],
  ["https://api.example.com:6443", undefined],
  ["http://127.0.0.1:8001", undefined],
  [undefined, undefined],
])("behind the listener of the VIP's port is %s only where that is local", (server, behind) => {
  const vip = { address: "10.100.0.100" as IpAddress, port: 8443, gateway: undefined, interfaceName: "net1" as never };
  const kubeApi = {
    kubeconfigPath: "",
    server,
    peersHost: undefined,
    peersInSlice: false,
    peersPort: 8443,
    tlsServerName: undefined,
    ownAddress: undefined,
  };
  const found = ownServer({ vip, kubeApi });
  expect(found.listener).toMatchObject({ host: "127.0.0.1", port: 8443, tlsServerName: "kubernetes" });
  if (behind === undefined) expect(found.behind).toBeUndefined();
  else expect(found.behind).toMatchObject(behind);
});
