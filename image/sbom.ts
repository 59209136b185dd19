/** The list of an image's parts as CycloneDX 1.6 JSON, without a serial number: two builds of one state are the same. */
import type { Component } from "./components.ts";

export interface Contents {
  /** The program's own. */
  readonly version: string;
  readonly createdSeconds: number;
  readonly components: readonly Component[];
  readonly node: Component;
  /** Name and version of what is linked into the node executable: process.versions. */
  readonly insideNode: Readonly<Record<string, string>>;
}

/** Ends with a newline. */
export function sbom({ version, createdSeconds, components, node, insideNode }: Contents): string {
  const name = "vcluster-kube-vip";
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(createdSeconds * 1000).toISOString(),
      component: { type: "container", "bom-ref": name, name, version, licenses: [{ expression: "Apache-2.0" }] },
    },
    components: [{ ...part(node), components: Object.entries(insideNode).map(linked) }, ...components.map(part)],
    dependencies: [{ ref: name, dependsOn: [node, ...components].map(({ purl }) => purl) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function part({ name, version, purl, license, sha512 }: Component): object {
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Buffer.from(sha512, "base64").toString("hex") }] }),
    licenses:
      license === undefined
        ? [{ license: { name: `as in /usr/share/licenses/${name} of the image` } }]
        : [{ expression: license }],
  };
}

function linked([name, version]: readonly [string, string]): object {
  return { type: "library", "bom-ref": `node/${name}`, name, version };
}
