/** `manifest pod`: flags and files in, one static pod out, exit status. What is in it is manifest/'s matter. */
import { makeManifest } from "../manifest/manifest.ts";
import { formatRemark } from "../manifest/remark.ts";
import { type OverlayFlags, readOptions } from "../overlay/options.ts";
import { refuse, say } from "./sentences.ts";
import { readValuesFiles } from "./values-files.ts";

/** As commander gives them: settings by their names, as texts. */
export interface ManifestArguments extends Omit<OverlayFlags, "imagePullSecret"> {
  readonly fromKubespray?: readonly string[];
  readonly init?: true;
}

/** The exit status: 0 printed, 2 a file or a flag that cannot be used; nothing is printed then. */
export async function runManifest(given: ManifestArguments): Promise<0 | 2> {
  const { fromKubespray = [], init, image, imagePullPolicy, requests, limits, ...flags } = given;
  const asked = Object.entries({ image, imagePullPolicy, requests, limits }).filter(([, text]) => text !== undefined);
  const reading = readOptions(Object.fromEntries(asked));
  if (reading.t === "invalid") return refuse(reading.sentences);
  const input = await readValuesFiles(fromKubespray, { flag: "--from-kubespray", file: "a file of group_vars" });
  if (input.t === "refused") return refuse([input.sentence]);
  const { container } = reading.options;
  const manifest = makeManifest(input.files, { flags, init: init === true, container });
  const sentences = manifest.remarks.map(formatRemark);
  if (manifest.t === "refused") return refuse(sentences);
  say(sentences);
  process.stdout.write(manifest.text);
  return 0;
}
