/** The one error of this package. Outcomes that a caller expects ("exists", "missing") are results, not errors. */

export type RoutingErrorCode =
  /** EPERM: NET_ADMIN is missing. */
  | "KERNEL_PERMISSION"
  /** ENETDOWN: the link is down; routes can be made once it is up. */
  | "LINK_DOWN"
  /** ENETUNREACH, EHOSTUNREACH: no route of the link leads to the gateway. */
  | "GATEWAY_UNREACHABLE"
  /** No answer in time: the change may have been made. */
  | "KERNEL_TIMEOUT"
  /** More requests wait for the kernel than a sound caller has. */
  | "KERNEL_BUSY"
  /** The sockets were closed by their owner while the request was under way. */
  | "KERNEL_CLOSED"
  /** The answer cannot be read. */
  | "KERNEL_ANSWER_MALFORMED"
  /** The kernel has no nf_tables, or not what a gate of this level needs: the next level is to be tried. */
  | "GATE_UNSUPPORTED"
  /** A table of the gate's name is there and was not made by us: it is left alone. */
  | "GATE_FOREIGN"
  /** The kernel would not make a relay: a planned move goes without. */
  | "RELAY_UNSUPPORTED"
  /** The kernel would not make a detour: a dead API server refuses connections until the VIP has moved. */
  | "DETOUR_UNSUPPORTED"
  /** The kernel cannot list TCP sockets, or not destroy them: connections end by themselves. */
  | "SOCKETS_UNSUPPORTED"
  /** Any other errno; the kernel's own words are in the message. */
  | "KERNEL_REFUSED";

export class RoutingError extends Error {
  override readonly name = "RoutingError";
  readonly code: RoutingErrorCode;
  /** Positive errno; undefined where the kernel gave none. */
  readonly errno: number | undefined;

  /** @param message - what failed, on what, why, what to do next. */
  constructor(code: RoutingErrorCode, message: string, options: { errno?: number; cause?: unknown } = {}) {
    super(`${code}: ${message}`, { cause: options.cause });
    this.code = code;
    this.errno = options.errno;
  }
}
