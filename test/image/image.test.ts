/** What is in the image, that it is the same when it is built again, and that the field's own tools read it. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { BuiltImage } from "../../image/build.ts";
import { run } from "../bed/command.ts";
import { type Bundle, unpackImage } from "../bed/container.ts";
import { archiveFile, build, IMAGE_NAMES } from "./built-image.ts";

/** The bound. */
const MAX_BYTES = 130_000_000;

const LICENSES = "usr/share/licenses/";
const SBOM = "usr/share/sbom/vcluster-kube-vip.cdx.json";
const PROGRAM = "usr/lib/vcluster-kube-vip/vcluster-kube-vip.mjs";

let image: BuiltImage;
let archive: string;
let bundle: Bundle;
/** Of files and links. */
let paths: readonly string[];

beforeAll(async () => {
  image = await build();
  archive = archiveFile(image);
  bundle = await unpackImage(archive, IMAGE_NAMES[1]);
  const all = readdirSync(bundle.rootfs, { recursive: true, encoding: "utf8" });
  paths = all.filter((path) => !lstatSync(join(bundle.rootfs, path)).isDirectory()).toSorted();
});

function read(path: string): string {
  return readFileSync(join(bundle.rootfs, path), "utf8");
}

test("built again it has the same digest, and the same bytes as an archive", async () => {
  const again = await build();
  expect(again.digest).toBe(image.digest);
  expect(Buffer.compare(again.content, image.content)).toBe(0);
});

test("it has at most 130 MB, and skopeo reads it by each of its names, as an OCI archive and as docker save's", async () => {
  expect(image.sizeBytes).toBeLessThan(MAX_BYTES);
  for (const name of IMAGE_NAMES) {
    for (const transport of ["oci-archive", "docker-archive"]) {
      const inspected = JSON.parse(await run(["skopeo", "inspect", `${transport}:${archive}:${name}`]));
      expect(inspected).toMatchObject({
        Os: "linux",
        Env: ["PATH=/usr/bin", "MALLOC_TRIM_THRESHOLD_=65536", "MALLOC_ARENA_MAX=1"],
        Labels: { "org.opencontainers.image.title": "vcluster-kube-vip" },
      });
      if (transport === "oci-archive") expect(inspected.Digest).toBe(image.digest);
    }
  }
});

test("it starts node with the measured flags, as user 0", () => {
  expect(bundle.config.process).toMatchObject({
    user: { uid: 0, gid: 0 },
    args: ["/usr/bin/node", "--lite-mode", "--max-semi-space-size=1", `/${PROGRAM}`],
  });
});

test("there is nothing in it but node, its libraries, the program, three lines of /etc, licences and the list of parts", () => {
  const rest = paths.filter((path) => !path.startsWith(LICENSES) && !/^lib(64)?\/.*\.so(\.\d+)?$/.test(path));
  expect(rest).toEqual(
    [
      "etc/group",
      "etc/nsswitch.conf",
      "etc/passwd",
      "usr/bin/node",
      "usr/bin/vcluster-kube-vip",
      PROGRAM,
      `usr/lib/vcluster-kube-vip/raw_socket-linux-${process.arch}.node`,
      SBOM,
    ].toSorted(),
  );
});

test("the program says no path of the machine that it was built on, and maps to no source", () => {
  const program = read(PROGRAM);
  expect(program).not.toContain("sourceMappingURL");
  expect(program).not.toContain(join(import.meta.dirname, "../.."));
});

test("the list of parts is the image's own, names each package once and has its licence in the image", () => {
  expect(read(SBOM)).toBe(image.sbom);
  const { components } = JSON.parse(image.sbom) as { components: { name: string; purl: string; version: string }[] };
  const names = components.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("@kubernetes/client-node");
  expect(names).toContain("libc6");
  // Left out of the bundle, though in the lockfile.
  expect(names).not.toContain("undici");
  // Its package has no such file; the list has its expression.
  const withoutFile = names.filter((name) => !paths.some((path) => path.startsWith(`${LICENSES}${name}/`)));
  expect(withoutFile).toEqual(["ip-cidr"]);
});
