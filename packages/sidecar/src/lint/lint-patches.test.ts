/** What becomes of a file by the patches of lint: nothing else than the cure. */
import { describe, expect, test } from "vitest";
import { lint } from "./lint.ts";
import { applyPatch } from "./patch.ts";
import { CLEAN, changed, POD_ANNOTATION } from "./testing/clean-file.ts";

const NO_OPTIONS = { chartVersion: undefined };

/** The one finding's patch makes this of the file. */
function checkPatch(text: string, expected: string): void {
  const patches = lint([{ name: "vcluster.yaml", text }], NO_OPTIONS).findings.flatMap(({ patch }) => patch ?? []);
  expect(patches.map(applyPatch)).toEqual([expected]);
}

describe("a patch", () => {
  test("moves the annotation with the comment behind it, and leaves no empty map", () => {
    const text = changed([
      POD_ANNOTATION,
      "    annotations: # of what?\n      # Multus\n      k8s.v1.cni.cncf.io/networks: a/b # the bridge\n",
    ]);
    const moved = text
      .replace("    annotations: # of what?\n      # Multus\n      k8s.v1.cni.cncf.io/networks: a/b # the bridge\n", "")
      .replace(
        "  advanced:",
        "    pods:\n      annotations:\n        k8s.v1.cni.cncf.io/networks: a/b # the bridge\n  advanced:",
      );
    checkPatch(text, moved);
  });

  test("moves JSON over several lines", () => {
    const json = ["|", '  [{"name": "private-vcluster",', '    "namespace": "a"}]', ""];
    const at = (indentation: string): string => json.join(`\n${indentation}`).trimEnd();
    const text = changed([POD_ANNOTATION, `    annotations:\n      k8s.v1.cni.cncf.io/networks: ${at("      ")}\n`]);
    const moved = changed(
      [POD_ANNOTATION, ""],
      [
        "  advanced:",
        `    pods:\n      annotations:\n        k8s.v1.cni.cncf.io/networks: ${at("        ")}\n  advanced:`,
      ],
    );
    checkPatch(text, moved);
  });

  test("is not offered for what an anchor shares with others", () => {
    const text = `x: &port {port: 9443}\n${changed(["  backingStore:", "  proxy: *port\n  backingStore:"])}`;
    const { findings } = lint([{ name: "", text }], NO_OPTIONS);
    expect(findings.map(({ code, patch }) => [code, patch])).toEqual([["PROXY_PORT", undefined]]);
  });

  test("adds to a map that is there with nothing in it", () => {
    checkPatch(changed(["privateNodes:\n  enabled: true\n", "privateNodes:\n"]), CLEAN);
  });

  test("keeps Windows' line ends and gives the last line one", () => {
    const text = changed(["privateNodes:\n  enabled: true\n", ""]).trimEnd();
    checkPatch(text.replaceAll("\n", "\r\n"), `${text}\nprivateNodes:\n  enabled: true\n`.replaceAll("\n", "\r\n"));
  });
});
