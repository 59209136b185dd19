/** All rules, in the order of docs/lint.md. */
import type { Rule } from "../rule.ts";
import { ADDRESS_RULES } from "./addresses.ts";
import { ATTACHMENT_RULES } from "./attachment.ts";
import { AVAILABILITY_RULES } from "./availability.ts";
import { CHART_RULES } from "./chart.ts";
import { CONTROL_PLANE_RULES } from "./control-plane.ts";
import { KEY_RULES } from "./keys.ts";
import { SIDECAR_RULES } from "./sidecar.ts";

export const RULES: readonly Rule[] = [
  ...ATTACHMENT_RULES,
  ...ADDRESS_RULES,
  ...CONTROL_PLANE_RULES,
  ...AVAILABILITY_RULES,
  ...SIDECAR_RULES,
  ...KEY_RULES,
  ...CHART_RULES,
];
