/** Classic BPF as the kernel runs it (net/core/filter.c), for the few instructions that our filters use. */
import type { FilterInstruction } from "../capture-filter.ts";
import { viewOf } from "../ethernet.ts";

/** How many bytes of the frame are handed over; 0 drops it. @throws TypeError for a program the kernel would refuse. */
export function runFilter(program: readonly FilterInstruction[], frame: Uint8Array): number {
  const view = viewOf(frame);
  let accumulator = 0;
  // A program only jumps forward: it ends within its length.
  for (let at = 0; ; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) throw new TypeError(`the program runs out at ${at}`);
    const { code, jumpTrue, jumpFalse, k } = instruction;
    if (jumpTrue > 255 || jumpFalse > 255) throw new TypeError(`the jump at ${at} does not fit into a byte`);
    switch (code) {
      case 0x20:
        if (k + 4 > frame.length) return 0;
        accumulator = view.getUint32(k);
        break;
      case 0x28:
        if (k + 2 > frame.length) return 0;
        accumulator = view.getUint16(k);
        break;
      case 0x30:
        if (k + 1 > frame.length) return 0;
        accumulator = view.getUint8(k);
        break;
      case 0x15:
        at += accumulator === k ? jumpTrue : jumpFalse;
        break;
      case 0x06:
        return k;
      default:
        throw new TypeError(`instruction ${code.toString(16)} is none of ours`);
    }
  }
}
