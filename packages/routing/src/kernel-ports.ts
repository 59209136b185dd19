/** All ways into the kernel. Used together everywhere: what one of them loosens is only safe with the others. */
import type { Gate } from "./gate.ts";
import type { Kernel } from "./kernel.ts";
import type { SocketTable } from "./sockets.ts";

export interface KernelPorts {
  readonly kernel: Kernel;
  readonly gate: Gate;
  /** undefined: this kernel cannot list or destroy them, and connections end by themselves. */
  readonly sockets: SocketTable | undefined;
}
