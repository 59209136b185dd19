/**
 * Looks now and then whether the machine's neighbour table has room. With a full one the kernel answers no ARP from a
 * machine that it does not know yet: the VIP is held, and new clients wait. Nothing of ours can mend that (the table
 * is shared by all network namespaces), but nobody should have to find it in dmesg.
 */
import type { Family, Kernel, NeighbourTable } from "@vcluster-kube-vip/routing";
import type { Clock } from "../clock.ts";
import type { Happening } from "../observe/happening.ts";

export interface NeighbourTableWatchOptions {
  readonly clock: Clock;
  readonly kernel: Pick<Kernel, "neighbourTable">;
  readonly family: Family;
  readonly tell: (happening: Happening) => void;
}

/** One request to the kernel each time. */
const LOOK_EVERY_MS = 30_000;

export class NeighbourTableWatch {
  readonly #o: NeighbourTableWatchOptions;
  #before: NeighbourTable | undefined;
  #isFull = false;
  #closed = false;
  #cancel: () => void = () => undefined;

  constructor(options: NeighbourTableWatchOptions) {
    this.#o = options;
  }

  start(): void {
    const { clock, kernel, family } = this.#o;
    void kernel
      .neighbourTable(family)
      .then(
        (table) => this.#judge(table),
        // Unknown is not full: whoever needs the kernel says that it does not answer.
        () => undefined,
      )
      .then(() => {
        if (!this.#closed) this.#cancel = clock.at(clock.nowMs() + LOOK_EVERY_MS, () => this.start());
      });
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #judge(table: NeighbourTable | undefined): void {
    if (table === undefined || this.#closed) return;
    const overflowed = this.#before !== undefined && table.overflows > this.#before.overflows;
    this.#before = table;
    const isFull = overflowed || table.entries >= table.entriesMax;
    if (isFull !== this.#isFull) this.#o.tell(isFull ? full(table) : { t: "recovered", where: "neighbours" });
    this.#isFull = isFull;
  }
}

function full({ family, entries, entriesMax }: NeighbourTable): Happening {
  const sysctl = `net.ipv${family}.neigh.default.gc_thresh3`;
  const message = `NEIGHBOUR_TABLE_FULL: the machine's IPv${family} neighbour table has ${entries} of ${entriesMax} entries and had no room for more; the kernel answers nobody whom it does not know yet, for the VIP or else. Raise ${sysctl} on the machine, and look what fills the table (ip neigh).`;
  return { t: "trouble", where: "neighbours", code: "NEIGHBOUR_TABLE_FULL", message };
}
