/** What must be said somewhere and is said nowhere. A value that is there but unreadable is not missing. */
import type { Problem } from "./config.ts";
import { type ProblemCode, problem } from "./problem.ts";
import { BLOCK, type Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";
import type { Reader } from "./sources.ts";

interface Necessity {
  readonly code: ProblemCode;
  /** Any one of them is enough. */
  readonly settings: readonly Setting<unknown>[];
  /** Where it is usually said in a vCluster. */
  readonly inVcluster: string;
  /** Where it is usually said on a bare host; absent: may be missing there. */
  readonly onHost?: string;
  readonly expected: string;
  readonly cure: string;
}

const NECESSITIES: readonly Necessity[] = [
  {
    code: "ENDPOINT_MISSING",
    settings: [SETTINGS.endpoint, SETTINGS.address],
    inVcluster: "controlPlane.endpoint",
    onHost: "$address",
    expected: "the VIP",
    cure: "set it, as in 10.100.0.100:8443 (kube-vip's variable has no port)",
  },
  {
    code: "INTERFACE_MISSING",
    settings: [SETTINGS.interface],
    inVcluster: `${BLOCK}.interface`,
    onHost: "$vip_interface",
    expected: SETTINGS.interface.kind.expected,
    cure: "set it; unlike kube-vip's, it is not guessed from the default route",
  },
  {
    code: "GATEWAY_MISSING",
    settings: [SETTINGS.gateway],
    // A NetworkAttachmentDefinition without IPAM gives net1 no routes: answers from the VIP would leave by eth0.
    inVcluster: `${BLOCK}.gateway`,
    expected: SETTINGS.gateway.kind.expected,
    cure: "set it; without it answers from the VIP leave by the pod network",
  },
];

export function checkMissing(reader: Reader, inVcluster: boolean): readonly Problem[] {
  return NECESSITIES.flatMap((necessity) => {
    const field = inVcluster ? necessity.inVcluster : necessity.onHost;
    if (field === undefined || necessity.settings.some((setting) => reader.isSaid(setting))) return [];
    const sentence = `expected ${necessity.expected}, but it is set nowhere: ${necessity.cure}`;
    return [problem(necessity.code, { field, position: undefined }, sentence)];
  });
}
