/** What other packages' tests may use of this one. */
export { type DumpName, MemoryKernel, type VerbName } from "./memory-kernel.ts";
export { interfaceName, ip, mac, prefix } from "./values.ts";
