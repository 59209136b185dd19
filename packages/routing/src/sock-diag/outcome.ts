/** What the kernel's errno means to a caller of the SocketTable port: an expected outcome, or a RoutingError with advice. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { Acknowledgement } from "../netlink/acknowledgement.ts";
import { RoutingError, type RoutingErrorCode } from "../routing-error.ts";

const { ENOENT, ESTALE, EPERM, EOPNOTSUPP } = constants.errno;

/** Gone meanwhile, or, as older kernels say EOPNOTSUPP of it, in time-wait meanwhile. */
const GONE: readonly number[] = [ENOENT, ESTALE, EOPNOTSUPP];

/** False: there is nothing any more to destroy. @throws RoutingError */
export function isDestroyed(acknowledgement: Acknowledgement, what: string): boolean {
  if (acknowledgement.errno === 0) return true;
  if (GONE.includes(acknowledgement.errno)) return false;
  throw socketRefusal(acknowledgement, what);
}

export function socketRefusal({ errno, kernelText }: Acknowledgement, what: string): RoutingError {
  const [code, advice]: readonly [RoutingErrorCode, string] =
    errno === EPERM
      ? ["KERNEL_PERMISSION", "Grant NET_ADMIN to the container."]
      : ["KERNEL_REFUSED", "See the kernel's words."];
  const words = kernelText === undefined ? "" : ` (${kernelText})`;
  return new RoutingError(code, `cannot ${what}: ${getSystemErrorName(-errno)}${words}. ${advice}`, { errno });
}

/** @param why - an errno's name, or a sentence without its stop. */
export function socketsUnsupported(what: string, why: string, cause?: unknown): RoutingError {
  const consequence = "No connection is reset in a move, so idle clients notice it by their keep-alive only.";
  const advice = "Load inet_diag and tcp_diag on the host, of a kernel with CONFIG_INET_DIAG_DESTROY.";
  return new RoutingError("SOCKETS_UNSUPPORTED", `cannot ${what}: ${why}. ${consequence} ${advice}`, { cause });
}
