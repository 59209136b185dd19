/**
 * A VIP on one end of a veth pair, heard from the other, and who is heard for it: the kernel, or a frame of ours. Both ends
 * are in the sandbox's own namespace, so that one process asks and is asked.
 */
import { openPacketSocket, type RawSocket, type RawSocketError } from "@vcluster-kube-vip/raw-socket";
import type { GateTarget, Opening } from "../../packages/routing/src/gate.ts";
import { ip, mac } from "../../packages/routing/src/testing/index.ts";
import { announcements, type Claim, probe } from "../../packages/sidecar/src/announce/forms.ts";
import { classify } from "../../packages/sidecar/src/announce/listen.ts";
import { run } from "../bed/command.ts";
import { sleep, waitFor } from "../bed/wait.ts";

const ARP = 0x0806;
const IPV6 = 0x86dd;
/** The kernel answers within 1 ms; a starved machine gets 30. */
const ANSWER_WITHIN_MS = 30;
const ASKER_MAC = mac("02:00:00:00:00:99");
export const LINK = "gate0";
const PEER = "gate1";

export class GateScene {
  readonly family: 4 | 6;
  readonly #claim: Claim;
  #linkIndex = 0;
  #own: RawSocket | undefined;
  #peer: RawSocket | undefined;
  #answers = 0;

  private constructor(family: 4 | 6) {
    this.family = family;
    this.#claim = { vip: ip(family === 4 ? "10.100.0.100" : "fd00:100::64"), mac: mac("02:00:00:00:00:01") };
  }

  static async set(family: 4 | 6): Promise<GateScene> {
    const scene = new GateScene(family);
    await scene.makeLink();
    return scene;
  }

  get target(): GateTarget {
    return { vip: this.#claim.vip, linkName: LINK, linkIndex: this.#linkIndex };
  }

  /** The link, the VIP on it and the sockets; again, after it was deleted. */
  async makeLink(): Promise<void> {
    this.#close();
    await run(["ip", "link", "add", "name", LINK, "address", this.#claim.mac, "type", "veth", "peer", "name", PEER]);
    const prefix = this.family === 4 ? ["32"] : ["128", "nodad"];
    await run(["ip", "addr", "add", `${this.#claim.vip}/${prefix[0]}`, "dev", LINK, ...prefix.slice(1)]);
    for (const name of [LINK, PEER]) await run(["ip", "link", "set", "dev", name, "up"]);
    for (const name of [LINK, PEER]) {
      const isUp = async (): Promise<true | undefined> => (await link(name)).operstate === "UP" || undefined;
      await waitFor(`${name} to be up`, isUp, { withinMs: 2_000, everyMs: 2 });
    }
    this.#linkIndex = (await link(LINK)).ifindex;
    this.#own = this.#listen(this.#linkIndex, () => undefined);
    const asker: Claim = { ...this.#claim, mac: ASKER_MAC };
    this.#peer = this.#listen((await link(PEER)).ifindex, (frame) => {
      if (classify(frame, asker).t === "foreign-claim") this.#answers += 1;
    });
  }

  async deleteLink(): Promise<void> {
    this.#close();
    await run(["ip", "link", "del", "dev", LINK]);
  }

  /** Whether the kernel answers one probe. */
  async isAnswered(): Promise<boolean> {
    // What was announced before is still to be heard.
    await sleep(2);
    this.#answers = 0;
    this.#peer?.send(probe({ ...this.#claim, mac: ASKER_MAC }));
    for (let waitedMs = 0; waitedMs < ANSWER_WITHIN_MS && this.#answers === 0; waitedMs += 1) await sleep(1);
    return this.#answers > 0;
  }

  /** What sending each announcement of ours comes to. */
  announce(): readonly (RawSocketError | undefined)[] {
    return announcements(this.#claim).map((frame) => this.#own?.send(frame));
  }

  /** Who is heard: of the kernel, and of ours. */
  async heard(): Promise<{ kernel: boolean; ours: boolean }> {
    return { kernel: await this.isAnswered(), ours: this.announce().every((error) => error === undefined) };
  }

  async end(): Promise<void> {
    await this.deleteLink();
  }

  #listen(linkIndex: number, onMessage: (frame: Uint8Array) => void): RawSocket {
    const etherType = this.family === 4 ? ARP : IPV6;
    return openPacketSocket({ linkIndex, etherType, onMessage, onError: () => undefined });
  }

  #close(): void {
    this.#own?.close();
    this.#peer?.close();
  }
}

/** From now on; by default the monotonic clock ends it, not the other. */
export function opening(timeoutMs: number, untilMs = 3_600_000, holderIdentity = "cp-0_uid_nonce"): Opening {
  return { holderIdentity, untilWallMs: Date.now() + untilMs, timeoutMs };
}

async function link(name: string): Promise<{ readonly ifindex: number; readonly operstate: string }> {
  return JSON.parse(await run(["ip", "-j", "link", "show", "dev", name]))[0];
}
