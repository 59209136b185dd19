/**
 * Answers ARP on one link in the kernel's place, over a packet socket of its own. Which address may be answered for is
 * asked directly before each answer. Does not tell the kernel to be silent: responder-gate.ts does.
 */
import type { PacketSocketOptions, RawSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import type { IpAddress } from "@vcluster-kube-vip/routing";
import { type Answerer, answerTo } from "../announce/answer.ts";
import { requestFilter } from "../announce/capture-filter.ts";
import { ETHER_TYPE_ARP } from "../announce/ethernet.ts";
import { ANSWERED, type Bucket, fullBucket, spend } from "../announce/rate-limit.ts";
import type { Clock } from "../clock.ts";

export type OpenPacketSocket = (options: PacketSocketOptions) => Pick<RawSocket, "send" | "close">;

export interface ArpResponderOptions {
  readonly openSocket: OpenPacketSocket;
  readonly clock: Pick<Clock, "nowMs">;
  readonly mayAnswer: (address: IpAddress) => boolean;
  /** The socket will hear nothing any more. */
  readonly onLost: () => void;
}

interface Listening {
  readonly socket: ReturnType<OpenPacketSocket>;
  readonly linkIndex: number;
  /** What the socket's filter lets through. */
  readonly asked: ReadonlySet<IpAddress>;
}

/** After these a socket goes on by itself. */
const PASSING: readonly RawSocketError["code"][] = [
  "RAW_SOCKET_LINK_DOWN",
  "RAW_SOCKET_OVERRUN",
  "RAW_SOCKET_TOO_LONG",
];

export class ArpResponder {
  readonly #o: ArpResponderOptions;
  #listening: Listening | undefined;
  #answerer: Answerer | undefined;
  #bucket: Bucket;

  constructor(options: ArpResponderOptions) {
    this.#o = options;
    this.#bucket = fullBucket(ANSWERED, options.clock.nowMs());
  }

  get isListening(): boolean {
    return this.#listening !== undefined;
  }

  /**
   * From now on answers as `answerer`; again when its addresses change. `awaited` may be asked for later: listening for
   * it from the start saves another socket then, and closing one blocks the loop for up to 30 ms.
   * @throws RawSocketError RAW_SOCKET_PERMISSION without NET_RAW, RAW_SOCKET_LINK_MISSING, …
   */
  serve(linkIndex: number, answerer: Answerer, awaited: IpAddress): void {
    const before = this.#listening;
    const asked = new Set([awaited, ...answerer.addresses]);
    this.#answerer = answerer;
    if (before?.linkIndex === linkIndex && [...asked].every((address) => before.asked.has(address))) return;
    const socket = this.#o.openSocket({
      linkIndex,
      etherType: ETHER_TYPE_ARP,
      filter: requestFilter([...asked]),
      onMessage: (frame) => this.#onFrame(frame),
      onError: (error) => this.#onError(error),
    });
    this.#listening = { socket, linkIndex, asked };
    before?.socket.close();
  }

  close(): void {
    this.#listening?.socket.close();
    this.#listening = undefined;
    this.#answerer = undefined;
  }

  #onFrame(frame: Uint8Array): void {
    const [bucket, isLookedAt] = spend(ANSWERED, this.#bucket, this.#o.clock.nowMs());
    this.#bucket = bucket;
    if (!isLookedAt || this.#answerer === undefined) return;
    const answer = answerTo(frame, this.#answerer);
    // Last (rule 7): a frame cannot be called back, so nothing comes between the look at the clocks and the sending.
    if (answer.t === "none" || !this.#o.mayAnswer(answer.address)) return;
    // A refused send needs nothing: the link went down, or who asked asks again.
    this.#listening?.socket.send(answer.frame);
  }

  #onError({ code }: RawSocketError): void {
    if (PASSING.includes(code)) return;
    this.close();
    this.#o.onLost();
  }
}
