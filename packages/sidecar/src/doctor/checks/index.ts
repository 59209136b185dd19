/** All checks, in the order of the report: from what is nearest to what depends on it. */
import type { Check } from "../check.ts";
import type { ContainerLooks, Looks } from "../looks.ts";
import { api, certificates, clock } from "./api.ts";
import { capabilities, configuration, sidecar } from "./container.ts";
import { fence } from "./fence.ts";
import { vipInterface } from "./interface.ts";
import { arpAnnounce, arpIgnore, rpFilter } from "./kernel-settings.ts";
import { lease } from "./lease.ts";
import { routes } from "./routes.ts";
import { segment, vip } from "./segment.ts";

/** These need no valid configuration. */
export const CONTAINER_CHECKS: readonly Check<ContainerLooks>[] = [configuration, capabilities, sidecar];

export const ALL_CHECKS: readonly Check<Looks>[] = [
  configuration,
  capabilities,
  vipInterface,
  segment,
  vip,
  rpFilter,
  arpIgnore,
  arpAnnounce,
  routes,
  fence,
  api,
  certificates,
  lease,
  clock,
  sidecar,
];
