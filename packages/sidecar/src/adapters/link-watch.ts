/**
 * Has a link looked at again whenever the kernel tells of a change to it or to its addresses: one look at a time, and
 * another one after what changed meanwhile. What is looked at is its owner's matter.
 */
import type { Kernel, KernelEvent } from "@vcluster-kube-vip/routing";

export class LinkWatch {
  readonly #kernel: Pick<Kernel, "subscribe">;
  readonly #look: () => Promise<void>;
  #following: Promise<void> | undefined;
  /** undefined: none is watched. */
  #linkIndex: number | undefined;
  #isLooking = false;
  #isStale = false;

  /** @param look - must not reject. */
  constructor(kernel: Pick<Kernel, "subscribe">, look: () => Promise<void>) {
    this.#kernel = kernel;
    this.#look = look;
  }

  /** Resolves when no change can be missed any more. The subscription ends with the kernel's connection. */
  start(linkIndex: number): Promise<void> {
    this.#linkIndex = linkIndex;
    this.#following ??= this.#kernel.subscribe((event) => {
      if (concerns(event, this.#linkIndex)) void this.#lookAgain();
    });
    return this.#following;
  }

  stop(): void {
    this.#linkIndex = undefined;
  }

  async #lookAgain(): Promise<void> {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#isStale && this.#linkIndex !== undefined) {
      this.#isStale = false;
      await this.#look();
    }
    this.#isLooking = false;
  }
}

function concerns(event: KernelEvent, linkIndex: number | undefined): boolean {
  if (linkIndex === undefined) return false;
  switch (event.t) {
    case "link":
      return event.link.index === linkIndex;
    case "link-removed":
      return event.linkIndex === linkIndex;
    case "address":
    case "address-removed":
      return event.address.linkIndex === linkIndex;
    case "overrun":
      return true;
    default:
      return false;
  }
}
