/**
 * `lint`: everything that is wrong or doubtful in one or several values files, before anything runs. Pure; never throws
 * on any text. The sidecar's own reading (config/) comes first, then the rules; a patch is handed out only after it has
 * been tried.
 */
import type { YamlFile } from "../config/yaml-problems.ts";
import { asFinding, configFindings } from "./config-findings.ts";
import { type Finding, sortFindings } from "./finding.ts";
import { applyPatch } from "./patch.ts";
import { readTree } from "./read-tree.ts";
import { RULES } from "./rules/index.ts";
import { readValues } from "./values.ts";

export interface LintOptions {
  /** As in 0.34 or v0.34.7. */
  readonly chartVersion: string | undefined;
}

export interface Verdict {
  /** Unusable: a file is no YAML map, so that only its form could be judged. */
  readonly t: "judged" | "unusable";
  readonly findings: readonly Finding[];
}

/** Trying a patch reads all files again: not for files that nobody has written by hand. */
const TRIED_CHARACTERS_MAX = 65_536;
const TRIED_PATCHES_MAX = 20;

/**
 * Later files win, as with `helm -f a -f b`. The same files give the same findings in the same order.
 *
 * @param files at least one
 */
export function lint(files: readonly YamlFile[], options: LintOptions): Verdict {
  const before = findAll(files, options);
  const isSmall = files.reduce((sum, { text }) => sum + text.length, 0) <= TRIED_CHARACTERS_MAX;
  const tried = before.findings.map((finding, index) =>
    isSmall && index < TRIED_PATCHES_MAX && cures(finding, before, files, options)
      ? finding
      : { ...finding, patch: undefined },
  );
  const names = files.map(({ name }) => name);
  return { t: before.t, findings: sortFindings(tried, names) };
}

function findAll(files: readonly YamlFile[], options: LintOptions): Verdict {
  const trees = files.map(readTree);
  const first = trees[0];
  if (first === undefined) return { t: "judged", findings: [] };
  const values = readValues(first, trees, options.chartVersion);
  const { root } = values;
  const ofForm = trees.flatMap(({ source, problems }) => problems.map((problem) => asFinding(problem, root, source)));
  // Half of what is said would be taken for all of it, and everything else reported as missing.
  if (trees.some((tree) => tree.root === undefined)) return { t: "unusable", findings: ofForm };
  const ofRules = RULES.flatMap(({ code, severity, consequence, find }) =>
    find(values).map((fault) => ({ code, severity, consequence, ...fault })),
  );
  return { t: "judged", findings: [...ofForm, ...configFindings(root, first.source), ...ofRules] };
}

/** True if the patch leaves one finding of this code less, and no error more where everything could be judged before. */
function cures({ code, patch }: Finding, before: Verdict, files: readonly YamlFile[], options: LintOptions): boolean {
  if (patch === undefined) return false;
  const patched = files.map((file) =>
    file.name === patch.source.name && file.text === patch.source.text ? { ...file, text: applyPatch(patch) } : file,
  );
  const after = findAll(patched, options);
  const count = ({ findings }: Verdict, counts: (finding: Finding) => boolean): number =>
    findings.filter(counts).length;
  const alike = (verdict: Verdict): number => count(verdict, (finding) => finding.code === code);
  const errors = (verdict: Verdict): number => count(verdict, ({ severity }) => severity === "error");
  return alike(after) < alike(before) && (before.t === "unusable" || errors(after) <= errors(before));
}
