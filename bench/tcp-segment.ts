/** The little of TCP over IPv4 over Ethernet that it takes to tell who sent data to whom, and when. */

/** A segment with data. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** CLOCK_REALTIME in ms. */
  readonly wallMs: number;
}

const ETHERNET_BYTES = 14;

/** undefined: no data (an acknowledgement, a handshake's segment), or no TCP over IPv4. */
export function segmentOf(frame: Uint8Array, wallMs: number): Segment | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < ETHERNET_BYTES + 40 || frame[ETHERNET_BYTES] !== 0x45 || frame[ETHERNET_BYTES + 9] !== 6)
    return undefined;
  const tcp = ETHERNET_BYTES + 20;
  const headerBytes = 20 + ((frame[tcp + 12] ?? 0) >> 4) * 4;
  const dataBytes = view.getUint16(ETHERNET_BYTES + 2) - headerBytes;
  return dataBytes > 0 ? { from: view.getUint16(tcp), to: view.getUint16(tcp + 2), wallMs } : undefined;
}
