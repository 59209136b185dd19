/** What other packages' tests may use of this one. */
export { MemoryClock } from "./memory-clock.ts";
export { type GateClock, type GateVerb, MemoryGate } from "./memory-gate.ts";
export { type DumpName, MemoryKernel, type VerbName } from "./memory-kernel.ts";
export { MemorySockets } from "./memory-sockets.ts";
export { interfaceName, ip, mac, prefix } from "./values.ts";
