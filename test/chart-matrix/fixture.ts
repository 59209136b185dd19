/**
 * The pod that helm makes of the documented example and the published overlay, kept for those who have no vCluster
 * chart: rendered-pod.test.ts holds the overlay to it. `pnpm chart:matrix --fixture` writes it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { BedError } from "../bed/bed-error.ts";
import { run } from "../bed/command.ts";
import { RELEASE } from "../bed/release.ts";
import type { Workload } from "./rendered-pod.ts";
import { render } from "./rendering.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURE = join(ROOT, "test/fixtures/charts/rendered-pod.yaml");
export const PUBLISHED_OVERLAY = join(ROOT, "charts/vcluster-kube-vip/files/vip.yaml");
const PAGE = join(ROOT, "test/fixtures/config/page.yaml");
const THREE = `controlPlane:
  backingStore: {etcd: {embedded: {enabled: true}}}
  statefulSet: {highAvailability: {replicas: 3}}
`;

/** Says where. */
export async function writeFixture(folder: string, chart: string, helm: string): Promise<string> {
  const texts = [readFileSync(PAGE, "utf8"), THREE, readFileSync(PUBLISHED_OVERLAY, "utf8")];
  const { stdout, stderr } = await render(folder, helm, texts);
  const documents = stdout.split(/^---\n/m);
  const workload = documents.find((text) => /^kind: StatefulSet$/m.test(text) && text.includes(`name: ${RELEASE}\n`));
  if (workload === undefined) throw new BedError("BED_COMMAND_FAILED", `helm rendered no StatefulSet: ${stderr}`);
  const version = (await run([helm, "version", "--template={{.Version}}"])).trim();
  const header = `# The vCluster chart's StatefulSet, as helm ${version} renders chart ${chart} with the documented example, three
# replicas, embedded etcd and the published overlay. Written by "pnpm chart:matrix --fixture"; not to be edited.
`;
  writeFileSync(FIXTURE, header + workload);
  return FIXTURE;
}

export function readFixture(): Workload {
  return parse(readFileSync(FIXTURE, "utf8"));
}
