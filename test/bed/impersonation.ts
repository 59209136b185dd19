/** Somebody else's credentials, as RBAC sees them: admin.conf with `as` (user impersonation). */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";

/** Where the kubeconfig is whose requests are this user's, who has only what was granted to him. */
export function impersonating(user: string, adminConf: string): string {
  const config = parse(readFileSync(adminConf, "utf8")) as { readonly users: readonly { readonly user: object }[] };
  const users = config.users.map((one) => ({ ...one, user: { ...one.user, as: user } }));
  const path = join(mkdtempSync(join(tmpdir(), "impersonating-")), "kubeconfig");
  writeFileSync(path, stringify({ ...config, users }));
  return path;
}
