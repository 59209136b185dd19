/** Both ways into the kernel. Used together everywhere: what one of them loosens is only safe with the other. */
import type { Gate } from "./gate.ts";
import type { Kernel } from "./kernel.ts";

export interface KernelPorts {
  readonly kernel: Kernel;
  readonly gate: Gate;
}
