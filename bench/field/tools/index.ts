/** Everybody who is compared. */
import type { ToolId } from "../outcome.ts";
import type { Tool } from "../tool.ts";
import { FLOOR } from "./floor.ts";
import { KEEPALIVED, KEEPALIVED_FAST } from "./keepalived.ts";
import { KUBE_VIP, KUBE_VIP_FAST } from "./kube-vip.ts";
import { OURS, OURS_FAST } from "./ours.ts";

export const TOOLS: Readonly<Record<ToolId, Tool>> = {
  floor: FLOOR,
  ours: OURS,
  "ours-5-3-1": OURS_FAST,
  "keepalived-0.1": KEEPALIVED_FAST,
  "keepalived-1": KEEPALIVED,
  "kube-vip-5-3-1": KUBE_VIP_FAST,
  "kube-vip": KUBE_VIP,
};
