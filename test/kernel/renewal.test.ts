/** How often a renewal goes to the kernel and back, counted on the real sockets. The goal is twice at most. */
import type { openNetlinkSocket, RawSocket } from "@vcluster-kube-vip/raw-socket";
import { expect, test, vi } from "vitest";
import { type Hold, openNftGate, openRtNetlink, ownerOf, type Permit } from "../../packages/routing/src/index.ts";
import { interfaceName, ip, prefix } from "../../packages/routing/src/testing/index.ts";
import { SystemClock } from "../../packages/sidecar/src/adapters/clock.ts";
import { VipKernel } from "../../packages/sidecar/src/vip/kernel.ts";
import { run } from "../bed/command.ts";

const LINK = "renew0";
const RENEWALS = 20;
const HOLD_MS = 10_000;
let sent = 0;
let received = 0;

/** Sockets that only listen (groups) are no part of it. */
vi.mock(import("@vcluster-kube-vip/raw-socket"), async (importOriginal) => {
  const original = await importOriginal();
  const counted: typeof openNetlinkSocket = (options) => {
    const onMessage = (bytes: Uint8Array): void => {
      if (options.groups === undefined) received += 1;
      options.onMessage(bytes);
    };
    const socket: RawSocket = original.openNetlinkSocket({ ...options, onMessage });
    const send = socket.send.bind(socket);
    socket.send = (bytes) => {
      sent += 1;
      return send(bytes);
    };
    return socket;
  };
  return { ...original, openNetlinkSocket: counted };
});

test("a renewal is two requests to the kernel, gate and address, and two answers", async () => {
  await run(["ip", "link", "add", LINK, "type", "veth", "peer", "name", "renew1"]);
  for (const name of [LINK, "renew1"]) await run(["ip", "link", "set", name, "up"]);
  const linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  const lease = "kube-system/vcluster-kube-vip";
  const kernel = await openRtNetlink();
  const gate = await openNftGate({ level: "nft-egress", family: 4, protocol: 77, lease });
  const owner = ownerOf(77, interfaceName(LINK));
  const gateway = { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") };
  const routing = { gateway, table: 847, rulePriority: 847 };
  const placement = { vip: ip("10.100.0.99"), linkName: interfaceName(LINK), linkIndex, lease, owner, ...routing };
  const clock = new SystemClock();
  let hold: Hold = { holderIdentity: "cp-0_uid_nonce", deadlineMs: 0, exclusiveUntilMs: 0 };
  const permit: Permit = { hold: () => hold, clock };
  const renew = (): void => {
    const deadlineMs = clock.nowMs() + HOLD_MS;
    hold = { ...hold, deadlineMs, exclusiveUntilMs: deadlineMs + 50 };
  };
  const vipKernel = new VipKernel({ kernel, gate, sockets: undefined }, owner);
  renew();
  expect(await vipKernel.prepare(placement)).toMatchObject({ t: "done" });
  expect(await vipKernel.configure(placement, permit)).toMatchObject({ t: "done" });

  [sent, received] = [0, 0];
  for (let renewal = 0; renewal < RENEWALS; renewal += 1) {
    renew();
    expect(await vipKernel.refresh(placement, permit)).toMatchObject({ t: "done" });
  }
  expect({ sent, received }).toEqual({ sent: 2 * RENEWALS, received: 2 * RENEWALS });

  expect(await vipKernel.sweep(placement)).toMatchObject({ t: "done" });
  gate.end();
  kernel.close();
  await run(["ip", "link", "del", LINK]);
});
