/** What the kernel's errno means to a caller of the Kernel port: an expected outcome, or a RoutingError with advice. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { Outcome } from "../kernel.ts";
import type { Acknowledgement } from "../netlink/acknowledgement.ts";
import { RoutingError, type RoutingErrorCode } from "../routing-error.ts";

const {
  EEXIST,
  ENOENT,
  ESRCH,
  ENODEV,
  ENXIO,
  EADDRNOTAVAIL,
  EPERM,
  EACCES,
  ENETDOWN,
  ENETUNREACH,
  EHOSTUNREACH,
  EINVAL,
} = constants.errno;

/** ENOENT: no such rule. ESRCH: no such route. EADDRNOTAVAIL: no such address. ENODEV, ENXIO: no such link (IPv4, IPv6). */
const MISSING: readonly number[] = [ENOENT, ESRCH, EADDRNOTAVAIL, ENODEV, ENXIO];

/** ENETUNREACH: also of an IPv4 source that is no address of this host. EINVAL: a blackhole route. EACCES: a prohibit one. */
const NO_WAY: readonly number[] = [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL];

/** Whether the answer to "which way?" is that there is none. */
export function isNoWay({ errno }: Acknowledgement): boolean {
  return NO_WAY.includes(errno);
}

/** @param what - for the message: "add 10.100.0.100/32 to link 3". @throws RoutingError */
export function outcomeOf(acknowledgement: Acknowledgement, what: string): Outcome {
  const { errno } = acknowledgement;
  if (errno === 0) return "done";
  if (errno === EEXIST) return "exists";
  if (MISSING.includes(errno)) return "missing";
  throw refusal(acknowledgement, what);
}

export function refusal({ errno, kernelText }: Acknowledgement, what: string): RoutingError {
  const [code, advice] = classify(errno);
  const words = kernelText === undefined ? "" : ` (${kernelText})`;
  return new RoutingError(code, `cannot ${what}: ${getSystemErrorName(-errno)}${words}. ${advice}`, { errno });
}

function classify(errno: number): readonly [RoutingErrorCode, string] {
  switch (errno) {
    case EPERM:
      return ["KERNEL_PERMISSION", "Grant NET_ADMIN to the container."];
    case EACCES:
      return ["KERNEL_REFUSED", "Look whether IPv6 is disabled on the link (net.ipv6.conf.LINK.disable_ipv6)."];
    case ENETDOWN:
      return ["LINK_DOWN", "Set the link up; it is tried again when it is."];
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ["GATEWAY_UNREACHABLE", "Look whether the gateway is in the subnet that the link leads to."];
    default:
      return ["KERNEL_REFUSED", "See the kernel's words, and `ip monitor` for who else changes it."];
  }
}
