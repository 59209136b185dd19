/**
 * Requests to the kernel over one socket, one at a time: a socket has room for a single dump (a second one gets EBUSY),
 * and an answer belongs to a request only by its sequence number and port. Subscriptions go through a socket of their own,
 * so that no notification is ever mistaken for an answer, nor crowds one out.
 */
import type { RawSocket, Receiver } from "@vcluster-kube-vip/raw-socket";
import { RoutingError } from "../routing-error.ts";
import { type Acknowledgement, decodeAcknowledgement } from "./acknowledgement.ts";
import {
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./message.ts";

export type DatagramSocket = Pick<RawSocket, "send" | "portId" | "close">;

export interface NetlinkRequest {
  readonly type: number;
  /** NLM_F_CREATE and the like; REQUEST, ACK and DUMP are added here. */
  readonly flags: number;
  readonly payload: Uint8Array;
  /** For error messages: "add 10.100.0.100/32 to link 3". */
  readonly what: string;
}

/** What came before the end of the answer, and the end. */
export interface NetlinkAnswer extends Acknowledgement {
  readonly messages: readonly NetlinkMessage[];
  /** False: the kernel's tables changed during the dump, or a part of it was lost. */
  readonly complete: boolean;
}

interface Job {
  readonly request: NetlinkRequest;
  readonly sequence: number;
  readonly messages: NetlinkMessage[];
  complete: boolean;
  readonly resolve: (answer: NetlinkAnswer) => void;
  readonly reject: (error: RoutingError) => void;
}

/** The kernel answers within microseconds; when its lock is held elsewhere, send() itself waits. */
const ANSWER_TIMEOUT_MS = 2000;
const WAITING_MAX = 1024;
/** How often an interrupted dump is tried in all. */
const DUMP_ATTEMPTS_MAX = 4;

export class NetlinkConnection {
  readonly #socket: DatagramSocket;
  readonly #portId: number;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #closed = false;

  /** Owns the socket it opens. */
  constructor(open: (receiver: Receiver) => DatagramSocket) {
    this.#socket = open({
      onMessage: (datagram) => this.#receive(datagram),
      onError: (error) => this.#lost(error),
    });
    this.#portId = this.#socket.portId();
  }

  /**
   * One verb. An errno is part of the answer, not an error.
   * @throws RoutingError KERNEL_TIMEOUT, KERNEL_BUSY, KERNEL_CLOSED, KERNEL_ANSWER_MALFORMED
   */
  verb(request: NetlinkRequest): Promise<Acknowledgement> {
    return this.#enqueue({ ...request, flags: request.flags | NLM_F_REQUEST | NLM_F_ACK });
  }

  /** Every object of a kind. Not complete only after several attempts. @throws as `verb` */
  async dump(request: NetlinkRequest): Promise<NetlinkAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#enqueue({ ...request, flags: request.flags | NLM_F_REQUEST | NLM_F_DUMP });
      if (answer.complete || attempt === DUMP_ATTEMPTS_MAX) return answer;
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
    const pending = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting];
    this.#current = undefined;
    clearTimeout(this.#timer);
    for (const job of pending.splice(0)) job.reject(closed(job.request));
    this.#waiting.length = 0;
  }

  #enqueue(request: NetlinkRequest): Promise<NetlinkAnswer> {
    if (this.#closed) return Promise.reject(closed(request));
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(busy(request));
    this.#sequence = (this.#sequence + 1) >>> 0;
    const sequence = this.#sequence;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, sequence, messages: [], complete: true, resolve, reject });
      if (this.#current === undefined) this.#next();
    });
  }

  #next(): void {
    const job = this.#waiting.shift();
    this.#current = job;
    if (job === undefined) return;
    this.#timer = setTimeout(() => this.#fail(timeout(job.request)), ANSWER_TIMEOUT_MS);
    const { type, flags, payload } = job.request;
    const error = this.#socket.send(encodeMessage({ type, flags, sequence: job.sequence, portId: 0, payload }));
    if (error !== undefined) {
      this.#fail(new RoutingError("KERNEL_REFUSED", `cannot ${job.request.what}: ${error.message}`, { cause: error }));
    }
  }

  #receive(datagram: Uint8Array): void {
    try {
      for (const message of decodeMessages(datagram)) this.#take(message);
    } catch (error) {
      if (!(error instanceof RoutingError)) throw error;
      this.#fail(error);
    }
  }

  #take(message: NetlinkMessage): void {
    const job = this.#current;
    // Else: the late answer to a request that was given up.
    if (job === undefined || message.sequence !== job.sequence || message.portId !== this.#portId) return;
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) job.complete = false;
    if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
      job.messages.push(message);
      return;
    }
    const acknowledgement = decodeAcknowledgement(message);
    this.#finish((done) => done.resolve({ ...acknowledgement, messages: done.messages, complete: done.complete }));
  }

  /** An overrun (ENOBUFS) or the like: a part of the answer is gone. What of a dump is still to come is taken. */
  #lost(cause: Error): void {
    const job = this.#current;
    if (job === undefined) return;
    job.complete = false;
    if ((job.request.flags & NLM_F_DUMP) === NLM_F_DUMP) return;
    this.#fail(
      new RoutingError("KERNEL_TIMEOUT", `the answer to "${job.request.what}" was lost. Look and retry.`, { cause }),
    );
  }

  #fail(error: RoutingError): void {
    this.#finish((job) => job.reject(error));
  }

  #finish(settle: (job: Job) => void): void {
    const job = this.#current;
    if (job === undefined) return;
    clearTimeout(this.#timer);
    this.#next();
    settle(job);
  }
}

function timeout({ what }: NetlinkRequest): RoutingError {
  return new RoutingError(
    "KERNEL_TIMEOUT",
    `cannot tell whether the kernel did "${what}": no answer within ${ANSWER_TIMEOUT_MS} ms. Look and retry.`,
  );
}

function busy({ what }: NetlinkRequest): RoutingError {
  return new RoutingError("KERNEL_BUSY", `cannot ${what}: ${WAITING_MAX} requests wait already. Retry later.`);
}

function closed({ what }: NetlinkRequest): RoutingError {
  return new RoutingError("KERNEL_CLOSED", `cannot ${what}: the connection was closed by its owner.`);
}
