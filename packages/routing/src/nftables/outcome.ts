/** What the kernel's errno means to a caller of the Gate port: an expected outcome, or a RoutingError with advice. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { GateOutcome } from "../gate.ts";
import type { Acknowledgement } from "../netlink/acknowledgement.ts";
import { RoutingError, type RoutingErrorCode } from "../routing-error.ts";

const { ENOENT, EPERM, EOPNOTSUPP, EAFNOSUPPORT } = constants.errno;

/** @param what - for the message: "close the gate". @throws RoutingError */
export function gateOutcome(acknowledgement: Acknowledgement, what: string): GateOutcome {
  if (acknowledgement.errno === 0) return "done";
  if (acknowledgement.errno === ENOENT) return "missing";
  throw gateRefusal(acknowledgement, what);
}

export function gateRefusal({ errno, kernelText }: Acknowledgement, what: string): RoutingError {
  const [code, advice] = classify(errno);
  const words = kernelText === undefined ? "" : ` (${kernelText})`;
  return new RoutingError(code, `cannot ${what}: ${getSystemErrorName(-errno)}${words}. ${advice}`, { errno });
}

/** Whatever it is that the kernel lacks. */
export function unsupported(what: string, why: string, cause?: unknown): RoutingError {
  return new RoutingError("GATE_UNSUPPORTED", `cannot ${what}: ${why}. ${NEXT_LEVEL}`, { cause });
}

const NEXT_LEVEL = "Load nf_tables on the host (Linux 5.10 or later, 5.16 for egress), or use a lower fence level.";

function classify(errno: number): readonly [RoutingErrorCode, string] {
  switch (errno) {
    case EPERM:
      return ["KERNEL_PERMISSION", "Grant NET_ADMIN to the container."];
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
      return ["GATE_UNSUPPORTED", NEXT_LEVEL];
    case ENOENT:
      return ["KERNEL_REFUSED", "Look whether the link is there, and who else changes the tables (`nft monitor`)."];
    default:
      return ["KERNEL_REFUSED", "See the kernel's words, and `nft monitor` for who else changes the tables."];
  }
}
