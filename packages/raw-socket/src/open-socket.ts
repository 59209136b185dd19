/** What packet and netlink sockets share: one native handle, its datagrams and errors, sent and closed. */
import { type Handle, native, type OnDatagram } from "./native.ts";
import { RawSocketError, systemError } from "./raw-socket-error.ts";

export interface Receiver {
  /** One datagram; the array is the callee's own. An exception thrown here becomes an "uncaughtException". */
  readonly onMessage: (bytes: Uint8Array) => void;
  /** Something was lost; each code of RawSocketError says whether the socket goes on. */
  readonly onError: (error: RawSocketError) => void;
}

/** An open socket. It does not keep the process alive: timers and servers do; where there are none, `ref` it. */
export class RawSocket {
  readonly #what: string;
  readonly #handle: Handle;
  #closed = false;

  constructor(what: string, handle: Handle) {
    this.#what = what;
    this.#handle = handle;
  }

  /** One datagram, whole, without waiting. Undefined: the kernel took it. An error is a result: links do go down. */
  send(bytes: Uint8Array): RawSocketError | undefined {
    if (this.#closed) return closed(this.#what);
    const negativeErrno = native().send(this.#handle, bytes);
    return negativeErrno === 0 ? undefined : systemError(`send on ${this.#what}`, "send", -negativeErrno);
  }

  /**
   * What is queued already comes to onMessage and onError before this returns. The kernel answers most netlink requests
   * while it takes them: whoever asks here at once needs no turn of the event loop for the answer.
   */
  receive(): void {
    if (!this.#closed) native().receive(this.#handle);
  }

  /** The netlink port the kernel gave this socket: replies carry it. */
  portId(): number {
    if (this.#closed) throw closed(this.#what);
    return native().portId(this.#handle);
  }

  /** Keeps the process alive while the socket is open. */
  ref(): void {
    native().keepAlive(this.#handle, true);
  }

  unref(): void {
    native().keepAlive(this.#handle, false);
  }

  /**
   * Nothing is read until resume(): also from within onMessage, which was called for the last one then. What comes waits
   * in the kernel's queue; of frames (not of netlink messages) what that has no room for is dropped without a word.
   */
  pause(): void {
    native().pause(this.#handle, true);
  }

  resume(): void {
    native().pause(this.#handle, false);
  }

  /** At once, unread datagrams included: no callback comes after it. Closing twice is harmless. */
  close(): void {
    this.#closed = true;
    native().close(this.#handle);
  }
}

/** @throws RawSocketError of the system call that failed. */
export function openSocket(what: string, receiver: Receiver, open: (onDatagram: OnDatagram) => Handle): RawSocket {
  try {
    const handle = open((bytes, negativeErrno) => {
      if (bytes !== undefined) receiver.onMessage(bytes);
      else receiver.onError(systemError(`receive on ${what}`, "recvfrom", -negativeErrno));
    });
    return new RawSocket(what, handle);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw systemError(`open ${what}`, cause.syscall, cause.errno, cause);
  }
}

function isSystemError(error: unknown): error is Error & { readonly syscall: string; readonly errno: number } {
  return error instanceof Error && "syscall" in error && "errno" in error && typeof error.errno === "number";
}

function closed(what: string): RawSocketError {
  return new RawSocketError("RAW_SOCKET_CLOSED", `${what} was closed. Open another.`, {});
}
