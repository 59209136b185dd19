/** The merged files, and what of the VIP's block could be read in them: everything a rule may look at. */
import type { InterfaceAddress, InterfaceName } from "@vcluster-kube-vip/routing";
import { type Endpoint, endpoint, gateway, interfaceName } from "../config/network-kinds.ts";
import type { Reading } from "../config/problem.ts";
import { mergeTrees } from "./merge.ts";
import { PATHS } from "./paths.ts";
import type { FileTree, Override } from "./read-tree.ts";
import { type MapTree, type Path, type Source, textAt } from "./tree.ts";

export interface Values {
  readonly root: MapTree;
  readonly overrides: readonly Override[];
  /** The first file: where a finding points that has no better place. */
  readonly source: Source;
  /** Undefined: not said, or not readable, which the sidecar's own reading reports. */
  readonly endpoint: Said<Endpoint> | undefined;
  readonly gateway: Said<InterfaceAddress> | undefined;
  readonly interfaceName: Said<InterfaceName> | undefined;
  /** As in 0.34 or v0.34.7; undefined: nobody said. */
  readonly chartVersion: string | undefined;
}

interface Said<T> {
  readonly value: T;
  readonly path: Path;
}

/** @param first one of the trees: the first file's */
export function readValues(first: FileTree, trees: readonly FileTree[], chartVersion: string | undefined): Values {
  const root = mergeTrees(trees);
  return {
    root,
    overrides: trees.flatMap(({ overrides }) => overrides),
    source: first.source,
    // Ours is stronger than the block's.
    endpoint: firstSaid(root, [PATHS.ownEndpoint, PATHS.endpoint], endpoint),
    gateway: firstSaid(root, [PATHS.ownGateway, PATHS.gateway], gateway),
    interfaceName: firstSaid(root, [PATHS.ownInterface, PATHS.interface], interfaceName),
    chartVersion,
  };
}

function firstSaid<T>(
  root: MapTree,
  paths: readonly Path[],
  kind: { read(text: string): Reading<T> },
): Said<T> | undefined {
  const path = paths.find((candidate) => textAt(root, candidate) !== undefined);
  const reading = path === undefined ? undefined : kind.read(textAt(root, path) ?? "");
  return path === undefined || reading?.t !== "valid" ? undefined : { value: reading.value, path };
}
