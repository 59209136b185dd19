/** What other packages' tests may use of this one. */
export { interfaceName, ip, mac, prefix } from "./values.ts";
