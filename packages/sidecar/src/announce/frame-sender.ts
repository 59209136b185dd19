/** The port to the wire of one link (AF_PACKET). Implemented by adapters/frames and testing/. */
export type SendResult = "sent" | "link-down" | { readonly failed: string };

export interface FrameSender {
  /** One whole Ethernet frame. */
  send(frame: Uint8Array): SendResult;
}
