/** Containers as a values file lists them: their names, and which of them is this program. */
import { PATHS } from "./paths.ts";
import { type Item, isTrueAt, listAt, type MapTree, type Path, textAt } from "./tree.ts";

/** The container's name in the overlay, and the image's in any registry. */
export const OUR_NAME = "vcluster-kube-vip";

export interface Container {
  readonly item: Item;
  readonly body: MapTree;
  readonly name: string | undefined;
  readonly isOurs: boolean;
}

/** Items that are no maps are left out: the API server refuses them in words of its own. */
export function containersAt(root: MapTree, path: Path): readonly Container[] {
  return containersOf(listAt(root, path)?.items ?? []);
}

export function containersOf(items: readonly Item[]): readonly Container[] {
  return items.flatMap((item) => {
    if (item.value.t !== "map") return [];
    const name = textAt(item.value, ["name"]);
    const image = textAt(item.value, ["image"]) ?? "";
    const isOurs = name === OUR_NAME || new RegExp(`(^|/)${OUR_NAME}([:@]|$)`).test(image);
    return [{ item, body: item.value, name, isOurs }];
  });
}

export function isServedByUs(root: MapTree): boolean {
  return containersAt(root, PATHS.sidecars).some(({ isOurs }) => isOurs);
}

/** As Kubernetes grants them: by name, with or without CAP_, or all. */
export function hasCapability({ body }: Container, capability: string): boolean {
  const added = listAt(body, ["securityContext", "capabilities", "add"])?.items ?? [];
  const names = added.map(({ value }) => (value.t === "scalar" ? value.text.replace(/^CAP_/, "") : ""));
  return names.includes(capability) || names.includes("ALL") || isTrueAt(body, ["securityContext", "privileged"]);
}
