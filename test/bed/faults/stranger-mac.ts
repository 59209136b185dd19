/** How strangers are told from ours: the first four bytes of every MAC address that a fault makes up for one. */
export const STRANGER_MAC = "02:57:4f:52";

export function isStranger(mac: string): boolean {
  return mac.startsWith(STRANGER_MAC);
}
