/**
 * The end of an answer: NLMSG_ERROR after a verb (errno 0 is success), NLMSG_DONE after a dump. With extended
 * acknowledgements (Linux 4.12) it says in words what the kernel did not like. Pure.
 */
import { decodeAttributes, optional, readText } from "./attribute.ts";
import { aligned, fixedPart, HEADER_BYTES, type NetlinkMessage, NLMSG_DONE } from "./message.ts";

export interface Acknowledgement {
  /** Positive; 0 is success. */
  readonly errno: number;
  /** The kernel's own words: "Nexthop has invalid gateway". */
  readonly kernelText: string | undefined;
}

const ERRNO_BYTES = 4;
/** The header of the request follows alone, without the request's payload. */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

/** @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement {
  const { payload, flags } = message;
  // A bare NLMSG_DONE, as kernels before 2.6 and some families send it, is success.
  if (message.type === NLMSG_DONE && payload.length === 0) return { errno: 0, kernelText: undefined };
  const errno = Math.abs(fixedPart(payload, ERRNO_BYTES).getInt32(0, true));
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, kernelText: undefined };
  const attributes = decodeAttributes(payload.subarray(attributesOffset(message)));
  return { errno, kernelText: optional(attributes.get(NLMSGERR_ATTR_MSG), readText) };
}

function attributesOffset({ type, flags, payload }: NetlinkMessage): number {
  if (type === NLMSG_DONE) return ERRNO_BYTES;
  if ((flags & NLM_F_CAPPED) !== 0) return ERRNO_BYTES + HEADER_BYTES;
  return ERRNO_BYTES + aligned(fixedPart(payload, ERRNO_BYTES + HEADER_BYTES).getUint32(ERRNO_BYTES, true));
}
