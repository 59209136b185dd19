/** The container: what it was told, what it may do, and how the sidecar in it is. */

import type { SidecarAnswer } from "../../adapters/sidecar-page.ts";
import { formatProblem } from "../../config/problem.ts";
import { check } from "../check.ts";
import { type Fault, fault, ok, type Verdict } from "../finding.ts";
import type { ContainerLooks } from "../looks.ts";

export const configuration = check<ContainerLooks, Pick<ContainerLooks, "problems">>({
  name: "configuration",
  look: async ({ problems }) => ({ problems }),
  judge: ({ problems }) => {
    if (problems.length === 0) return [ok("read, without a problem")];
    return problems.map(({ severity: t, code, field, position, message }): Fault => {
      const place = formatProblem({ severity: t, code, field, position, message }).split(`${t} ${code}: `)[0] ?? "";
      return { t, code, sentence: `${place}${field}: ${message}`, cure: undefined };
    });
  },
});

const WANTED = {
  NET_ADMIN: "no address, route, rule or gate can be made",
  NET_RAW: "nothing can be announced, and nobody asked",
} as const;

export const capabilities = check<ContainerLooks, { readonly effective: ReadonlySet<string> }>({
  name: "capabilities",
  look: async (looks) => ({ effective: await looks.capabilities() }),
  judge: ({ effective }) => {
    const missing = Object.entries(WANTED).filter(([name]) => !effective.has(name));
    if (missing.length === 0) return [ok(`${Object.keys(WANTED).join(" and ")} are there`)];
    return missing.map(([name, lost]) => fault("CAPABILITY_MISSING", `${name} is missing: without it ${lost}`));
  },
});

export const sidecar = check<ContainerLooks, SidecarAnswer>({
  name: "sidecar",
  look: (looks) => looks.sidecar(),
  judge: (answer) => {
    if (answer.t === "silent")
      return [
        fault("SIDECAR_SILENT", `nobody answers at ${answer.where} (${answer.reason}): the sidecar does not run`),
      ];
    const { role, reason, ready, troubles } = answer.status;
    const troubled = troubles.map(({ where, code, message }): Fault => {
      const sentence = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
      return { t: "warning", code, sentence: `${where}: ${sentence}`, cure: undefined };
    });
    return [stateOf(role, reason, ready), ...troubled];
  },
});

function stateOf(role: string, reason: string, ready: boolean): Verdict {
  if (role === "passive") return fault("SIDECAR_PASSIVE", `it takes no part: ${reason}`);
  if (!ready) return fault("SIDECAR_NOT_READY", `its role is ${role}, and it cannot take the VIP now: ${reason}`);
  return ok(`its role is ${role}, ready`);
}
