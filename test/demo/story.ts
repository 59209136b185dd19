/** The story, act by act, as data: what is done to the cast, in which words, and how long it is watched. */
import type { Cast } from "./cast.ts";
import { TIMING } from "./timing.ts";

export interface Act {
  /** Its row in the table. */
  readonly event: string;
  /** One or two lines for the onlooker, two at most, of at most 76 characters. */
  readonly words: readonly string[];
  readonly play: (cast: Cast) => Promise<void>;
  /** The act ends when the VIP was served without a loss for this long. */
  readonly calmMs: number;
}

export const STORY: readonly Act[] = [
  {
    event: "elected",
    words: [
      "Three replicas start. A vacant Lease proves nothing, so the first boot ever",
      `costs one lease duration (${TIMING.leaseDuration} s), once; until then nobody may answer.`,
    ],
    play: async (cast) => cast.startSidecars(),
    calmMs: 1_000,
  },
  {
    event: "VIP reached from worker and client",
    words: [
      "Nothing happens: new connections, again and again, from the worker on the",
      "segment and from the client behind the gateway.",
    ],
    play: () => Promise.resolve(),
    calmMs: 4_000,
  },
  {
    event: "holder stopped gently",
    words: [
      "SIGTERM: the holder goes silent and releases the Lease with a mark, by which",
      "a standby takes it at once. The kubelet starts the stopped sidecar again.",
    ],
    play: (cast) => cast.stopHolder(),
    calmMs: 3_000,
  },
  {
    event: "holder's pod killed",
    words: [
      "All its processes are killed, its namespace is deleted. Without a word from",
      `it, others may take the Lease a lease duration (${TIMING.leaseDuration} s) after its renewal.`,
    ],
    play: (cast) => cast.loseHolder(),
    calmMs: 3_000,
  },
  {
    event: "the lost pod comes back",
    words: [
      "The old name in a new namespace with a new MAC address: it takes part again,",
      "as a standby, and takes nothing away from the holder.",
    ],
    play: (cast) => cast.bringBack(),
    calmMs: 3_000,
  },
  {
    event: "holder in the Lease changed by hand",
    words: [
      "An operator writes another name into the Lease: silent at once. The stranger",
      `never renews, so after one lease duration (${TIMING.leaseDuration} s) the VIP is served again.`,
    ],
    play: (cast) => cast.writeForeignHolder(),
    calmMs: 3_000,
  },
];
