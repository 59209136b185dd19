/**
 * Prints what our own rtnetlink reads in the namespace it runs in, as JSON: `node kernel-dump.ts`. Debian 12's `ip`
 * prints no IFA_PROTO; everything else can be compared with it.
 */
import { openRtNetlink } from "../../packages/routing/src/index.ts";

const kernel = await openRtNetlink();
const [addresses, routes, rules] = await Promise.all([kernel.addresses(), kernel.routes(4), kernel.rules(4)]);
kernel.close();
process.stdout.write(JSON.stringify({ addresses: addresses.items, routes: routes.items, rules: rules.items }));
