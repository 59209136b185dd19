/** The one error of this package, and the table that turns an errno into it. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";

export type RawSocketErrorCode =
  /** EPERM, EACCES: the capability is missing. */
  | "RAW_SOCKET_PERMISSION"
  /** Not Linux, the native file is not there, or the kernel lacks the family. */
  | "RAW_SOCKET_UNSUPPORTED"
  /** ENODEV, ENXIO: no link has this index (any more). */
  | "RAW_SOCKET_LINK_MISSING"
  /** ENETDOWN: the link is down. The socket hears again by itself when the link is up. */
  | "RAW_SOCKET_LINK_DOWN"
  /** ENOBUFS on receive: datagrams were lost before this report, none after it. The socket goes on. */
  | "RAW_SOCKET_OVERRUN"
  /** EMSGSIZE on receive: one datagram was longer than 64 KiB and is lost. The socket goes on. */
  | "RAW_SOCKET_TOO_LONG"
  /** The socket was closed by its owner. */
  | "RAW_SOCKET_CLOSED"
  /** Any other errno; a receiving socket stays silent from here on: close it and open another. */
  | "RAW_SOCKET_FAILED";

export class RawSocketError extends Error {
  override readonly name = "RawSocketError";
  readonly code: RawSocketErrorCode;
  /** The system call, for example "bind"; undefined where none was made. */
  readonly syscall: string | undefined;
  /** Positive errno; undefined where no system call failed. */
  readonly errno: number | undefined;

  constructor(
    code: RawSocketErrorCode,
    message: string,
    options: { syscall?: string; errno?: number; cause?: unknown },
  ) {
    super(`${code}: ${message}`, { cause: options.cause });
    this.code = code;
    this.syscall = options.syscall;
    this.errno = options.errno;
  }
}

/** @param what - what was tried and on what, for example "open a packet socket on link 7". */
export function systemError(what: string, syscall: string, errno: number, cause?: unknown): RawSocketError {
  const [code, advice] = classify(syscall, errno);
  const name = getSystemErrorName(-errno);
  return new RawSocketError(code, `cannot ${what}: ${syscall}: ${name}. ${advice}`, { syscall, errno, cause });
}

function classify(syscall: string, errno: number): readonly [RawSocketErrorCode, string] {
  switch (errno) {
    case constants.errno.EPERM:
    case constants.errno.EACCES:
      return [
        "RAW_SOCKET_PERMISSION",
        "Grant NET_RAW (packet) or NET_ADMIN (netlink) to the container, or run as root.",
      ];
    case constants.errno.EAFNOSUPPORT:
    case constants.errno.EPROTONOSUPPORT:
      return ["RAW_SOCKET_UNSUPPORTED", "This kernel does not offer the socket family or protocol."];
    case constants.errno.ENODEV:
    case constants.errno.ENXIO:
      return ["RAW_SOCKET_LINK_MISSING", "Look up the link again and open a new socket."];
    case constants.errno.ENETDOWN:
      return ["RAW_SOCKET_LINK_DOWN", "Wait for the link to come up; the socket stays usable."];
    case constants.errno.ENOBUFS:
      if (syscall === "recvfrom") return ["RAW_SOCKET_OVERRUN", "Read again what the lost datagrams could have told."];
      return ["RAW_SOCKET_FAILED", "The send queue is full, or a filter on egress dropped the frame."];
    case constants.errno.EMSGSIZE:
      if (syscall === "recvfrom") return ["RAW_SOCKET_TOO_LONG", "Read again what the lost datagram could have told."];
      return ["RAW_SOCKET_FAILED", "The datagram is longer than the link's MTU allows."];
    default:
      return ["RAW_SOCKET_FAILED", "Close the socket and open another."];
  }
}
