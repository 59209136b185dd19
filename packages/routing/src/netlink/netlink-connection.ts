/**
 * Requests to the kernel over one socket, one at a time: a socket has room for a single dump (a second one gets EBUSY),
 * and an answer belongs to a request only by its sequence number and port. Subscriptions go through a socket of their own,
 * so that no notification is ever mistaken for an answer, nor crowds one out.
 */
import type { RawSocket, Receiver } from "@vcluster-kube-vip/raw-socket";
import { RoutingError } from "../routing-error.ts";
import { type Acknowledgement, decodeAcknowledgement } from "./acknowledgement.ts";
import { type Datagram, encodeDatagram, type NetlinkPart, numberMessages } from "./datagram.ts";
import {
  decodeMessages,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./message.ts";

export type DatagramSocket = Pick<RawSocket, "send" | "receive" | "portId" | "close">;

export interface NetlinkRequest extends NetlinkPart {
  /** For error messages: "add 10.100.0.100/32 to link 3". NLM_F_REQUEST, ACK and DUMP need not be among the flags. */
  readonly what: string;
}

/** What came before the end of the answer, and the end. */
export interface NetlinkAnswer extends Acknowledgement {
  readonly messages: readonly NetlinkMessage[];
  /** False: the kernel's tables changed during the dump, or a part of it was lost. */
  readonly complete: boolean;
}

export interface TransactionAnswer extends Acknowledgement {
  /** Which of the messages the kernel speaks of, from 0 on. */
  readonly index: number;
}

type Answer = NetlinkAnswer & TransactionAnswer & Pick<Job, "ends">;

interface Job {
  readonly what: string;
  readonly datagram: Datagram;
  readonly isDump: boolean;
  /** The sequence number of the first part; the others follow. */
  readonly sequence: number;
  readonly messages: NetlinkMessage[];
  complete: boolean;
  /** How many acknowledgements are waited for, and those that have come. */
  readonly endsWanted: number;
  readonly ends: Acknowledgement[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: RoutingError) => void;
}

/** The kernel answers within microseconds; when its lock is held elsewhere, send() itself waits. */
const ANSWER_TIMEOUT_MS = 2000;
const WAITING_MAX = 1024;
/** How often an interrupted dump is tried in all. */
const DUMP_ATTEMPTS_MAX = 4;
/** Of one dump; what comes beyond is dropped, and the dump is not complete. */
const MESSAGES_MAX = 65_536;

export class NetlinkConnection {
  readonly #socket: DatagramSocket;
  /** The kernel's number for the socket; changes made through it are told to others with it. */
  readonly portId: number;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #receiving = false;
  #timer: NodeJS.Timeout | undefined;
  #nextSequence = 1;
  #closed = false;

  /** Owns the socket it opens. */
  constructor(open: (receiver: Receiver) => DatagramSocket) {
    this.#socket = open({
      onMessage: (datagram) => this.#receive(datagram),
      onError: (error) => this.#lost(error),
    });
    this.portId = this.#socket.portId();
  }

  /**
   * One verb, or one object asked for by name. An errno is part of the answer, not an error.
   * @throws RoutingError KERNEL_TIMEOUT, KERNEL_BUSY, KERNEL_CLOSED, KERNEL_ANSWER_MALFORMED
   */
  verb({ what, type, flags, payload }: NetlinkRequest): Promise<NetlinkAnswer> {
    return this.#enqueue(what, encodeDatagram([{ type, flags: flags | NLM_F_ACK, payload }]));
  }

  /**
   * Several requests in one datagram, of which the first acknowledgement is the answer, since the kernel says errors in
   * their order and before any success: so at least the last verb has to carry NLM_F_ACK. The datagram is numbered in
   * place. @throws as `verb`
   */
  transaction(what: string, datagram: Datagram): Promise<TransactionAnswer> {
    return this.#enqueue(what, datagram);
  }

  /**
   * Several verbs in one datagram, each acknowledged for itself and in their order: one that fails keeps none of the
   * others from being done. @throws as `verb`
   */
  async batch(what: string, verbs: readonly NetlinkPart[]): Promise<readonly Acknowledgement[]> {
    const datagram = encodeDatagram(verbs.map((verb) => ({ ...verb, flags: verb.flags | NLM_F_ACK })));
    return (await this.#enqueue(what, datagram, { endsWanted: verbs.length })).ends;
  }

  /** Every object of a kind, 65,536 at most. Not complete only after several attempts. @throws as `verb` */
  async dump({ what, type, flags, payload }: NetlinkRequest): Promise<NetlinkAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const request = encodeDatagram([{ type, flags: flags | NLM_F_DUMP, payload }]);
      const answer = await this.#enqueue(what, request, { isDump: true });
      const isFull = answer.messages.length === MESSAGES_MAX;
      if (answer.complete || isFull || attempt === DUMP_ATTEMPTS_MAX) return answer;
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
    const pending = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting];
    this.#current = undefined;
    clearTimeout(this.#timer);
    for (const job of pending.splice(0)) job.reject(closed(job.what));
    this.#waiting.length = 0;
  }

  #enqueue(what: string, datagram: Datagram, kind: Partial<Pick<Job, "isDump" | "endsWanted">> = {}): Promise<Answer> {
    if (this.#closed) return Promise.reject(closed(what));
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(busy(what));
    const sequence = this.#nextSequence;
    this.#nextSequence = (sequence + datagram.offsets.length) >>> 0;
    return new Promise((resolve, reject) => {
      const isDump = kind.isDump ?? false;
      const endsWanted = kind.endsWanted ?? 1;
      const nothing = { messages: [], complete: true, ends: [] };
      this.#waiting.push({ what, datagram, isDump, endsWanted, sequence, ...nothing, resolve, reject });
      if (this.#current === undefined) this.#next();
    });
  }

  #next(): void {
    const job = this.#waiting.shift();
    this.#current = job;
    if (job === undefined) return;
    numberMessages(job.datagram, job.sequence);
    const error = this.#socket.send(job.datagram.bytes);
    if (error !== undefined) {
      return this.#fail(new RoutingError("KERNEL_REFUSED", `cannot ${job.what}: ${error.message}`, { cause: error }));
    }
    this.#receiveNow();
    if (this.#current === job) this.#timer = setTimeout(() => this.#fail(timeout(job.what)), ANSWER_TIMEOUT_MS);
  }

  /** The answer is mostly there when send() returns: a takeover would wait for three turns of the event loop. */
  #receiveNow(): void {
    // From within an answer: the batch that it came with goes on with the next.
    if (this.#receiving) return;
    this.#receiving = true;
    try {
      this.#socket.receive();
    } finally {
      this.#receiving = false;
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
    if (job === undefined || message.portId !== this.portId) return;
    const index = (message.sequence - job.sequence) >>> 0;
    // The late answer to a request that was given up, or a further error of a transaction that has failed.
    if (index >= job.datagram.offsets.length) return;
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) job.complete = false;
    if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
      if (job.messages.length < MESSAGES_MAX) job.messages.push(message);
      else job.complete = false;
      return;
    }
    const acknowledgement = decodeAcknowledgement(message);
    job.ends.push(acknowledgement);
    if (job.ends.length < job.endsWanted) return;
    this.#finish(({ resolve, messages, complete, ends }) =>
      resolve({ ...acknowledgement, messages, complete, index, ends }),
    );
  }

  /** An overrun (ENOBUFS) or the like: a part of the answer is gone. What of a dump is still to come is taken. */
  #lost(cause: Error): void {
    const job = this.#current;
    if (job === undefined) return;
    job.complete = false;
    if (job.isDump) return;
    this.#fail(new RoutingError("KERNEL_TIMEOUT", `the answer to "${job.what}" was lost. Look and retry.`, { cause }));
  }

  #fail(error: RoutingError): void {
    this.#finish((job) => job.reject(error));
  }

  #finish(settle: (job: Job) => void): void {
    const job = this.#current;
    if (job === undefined) return;
    clearTimeout(this.#timer);
    this.#current = undefined;
    // Before the next, whose answer may come at once: answers are told in the order of their requests.
    settle(job);
    this.#next();
  }
}

function timeout(what: string): RoutingError {
  return new RoutingError(
    "KERNEL_TIMEOUT",
    `cannot tell whether the kernel did "${what}": no answer within ${ANSWER_TIMEOUT_MS} ms. Look and retry.`,
  );
}

function busy(what: string): RoutingError {
  return new RoutingError("KERNEL_BUSY", `cannot ${what}: ${WAITING_MAX} requests wait already. Retry later.`);
}

function closed(what: string): RoutingError {
  return new RoutingError("KERNEL_CLOSED", `cannot ${what}: the connection was closed by its owner.`);
}
