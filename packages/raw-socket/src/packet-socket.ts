/** AF_PACKET: whole Ethernet frames of one link, in and out. Reads none of them. See packet(7). */
import { native } from "./native.ts";
import { openSocket, type RawSocket, type Receiver } from "./open-socket.ts";

/** One instruction of classic BPF (struct sock_filter of linux/filter.h). */
export interface FilterInstruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

export interface PacketSocketOptions extends Receiver {
  /** From if_nametoindex(3) or a netlink link dump; 1 or more. The socket is bound to it and hears nothing else. */
  readonly linkIndex: number;
  /** EtherType to receive, for example 0x0806 (ARP); 0 receives nothing, for a socket that only sends. */
  readonly etherType: number;
  /** In force before the first frame can arrive. Default: every frame of the EtherType. */
  readonly filter?: readonly FilterInstruction[];
}

const INSTRUCTION_BYTES = 8;

/**
 * Opens in about 50 us; closing one that receives blocks for up to 30 ms (the kernel waits for readers), so keep one
 * open instead of one per burst. After its link is deleted a socket stays silent for ever, even if the name returns.
 * Needs NET_RAW.
 * @throws RawSocketError RAW_SOCKET_PERMISSION, RAW_SOCKET_LINK_MISSING, RAW_SOCKET_UNSUPPORTED, RAW_SOCKET_FAILED. A
 * link that is down is reported by `onError`.
 */
export function openPacketSocket(options: PacketSocketOptions): RawSocket {
  const filter = encodeFilter(options.filter ?? []);
  return openSocket(`a packet socket on link ${options.linkIndex}`, options, (onDatagram) =>
    native().openPacket(options.etherType, options.linkIndex, filter, onDatagram),
  );
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k, in the byte order of the host (x64 and arm64: little endian). */
function encodeFilter(instructions: readonly FilterInstruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jumpTrue, jumpFalse, k }] of instructions.entries()) {
    const offset = index * INSTRUCTION_BYTES;
    view.setUint16(offset, code, true);
    view.setUint8(offset + 2, jumpTrue);
    view.setUint8(offset + 3, jumpFalse);
    view.setUint32(offset + 4, k, true);
  }
  return bytes;
}
