/** The detour as a process has it: the kernel sends new connections to the proxy's port, the proxy to a peer that lives. */
import { type Detour, type DetourTarget, RoutingError } from "@vcluster-kube-vip/routing";
import type { DetourOutcome, VipDetour } from "../../detour/detour.ts";
import type { Endpoint } from "../kube-api/endpoints.ts";
import { PeerProxy } from "./peer-proxy.ts";

/** Owns the proxy, and the netlink socket of its kernel port. */
export class LiveDetour implements VipDetour {
  readonly #kernel: Detour;
  readonly #peers: () => readonly Endpoint[];
  readonly #proxy: PeerProxy;

  /** @param peers - those that live, the best first */
  constructor(kernel: Detour, peers: () => readonly Endpoint[]) {
    this.#kernel = kernel;
    this.#peers = peers;
    this.#proxy = new PeerProxy(peers);
  }

  get hasPeers(): boolean {
    return this.#peers().length > 0;
  }

  prepare(): Promise<DetourOutcome> {
    return outcomeOf(() => this.#kernel.prepare());
  }

  open(target: DetourTarget, timeoutMs: number): Promise<DetourOutcome> {
    return outcomeOf(async () => {
      const toPort = await this.#proxy.listen(target.vip);
      await this.#kernel.open(target, toPort, timeoutMs);
    });
  }

  close(): Promise<DetourOutcome> {
    return outcomeOf(async () => {
      // First the resets, which the kernel still has to translate.
      this.#proxy.close();
      await this.#kernel.close();
    });
  }

  /** Ends without a word: the kernel keeps what it has until that has run out. */
  end(): void {
    this.#proxy.close();
    this.#kernel.end();
  }
}

async function outcomeOf(work: () => Promise<void>): Promise<DetourOutcome> {
  try {
    await work();
    return { t: "done" };
  } catch (error) {
    if (error instanceof RoutingError) return { t: "failed", code: error.code, message: error.message };
    const why = error instanceof Error ? error.message : String(error);
    return {
      t: "failed",
      code: "DETOUR_UNAVAILABLE",
      message: `DETOUR_UNAVAILABLE: new connections to the VIP cannot go by another replica: ${why}. They are refused until the VIP has moved.`,
    };
  }
}
