/**
 * The sidecar's own reading of the files, as findings: what loadConfig says in the pod is said here with the same
 * sentence. What is added is what happens then, and a patch where the cure is plain.
 */
import type { Problem } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { nearestName } from "../config/nearest-name.ts";
import { BLOCK } from "../config/setting.ts";
import { isServedByUs } from "./containers.ts";
import { replaceSpan, replaceValue } from "./edit.ts";
import type { Finding, Severity } from "./finding.ts";
import { knownKeys, namesIn } from "./known-keys.ts";
import type { Patch } from "./patch.ts";
import { entriesAlong, entryAt, type MapTree, nearestPosition, type Path, type Source, textAt } from "./tree.ts";

/** Facts of the pod as the chart and the overlay make them; no problem is about them. */
const POD = { VCLUSTER_NAME: "my-vcluster", POD_NAMESPACE: "default", POD_NAME: "my-vcluster-0", POD_UID: "uid" };
const FACTS = { hostname: "my-vcluster-0", bootId: "boot" };

export function configFindings(root: MapTree, source: Source): readonly Finding[] {
  const { problems } = loadConfig({ file: knownKeys(root), env: POD, flags: {}, facts: FACTS });
  return problems
    .filter(({ code }) => code !== "OTHER_OWNER" || isServedByUs(root))
    .map((problem) => asFinding(problem, root, source));
}

/** Of a problem in the files' form, too, which has no tree to look at. */
export function asFinding(problem: Problem, root: MapTree, source: Source): Finding {
  const { code, field, message } = problem;
  const path = field.split(".");
  const position = problem.position ?? nearestPosition(root, path, source);
  return {
    severity: severityOf(problem),
    code,
    field,
    position,
    message,
    consequence: consequenceOf(problem),
    patch: code === "YAML_SYNTAX" ? untabbed(source, position.line) : patchOf(problem, root, path),
  };
}

function isRefusedByChart({ code, field }: Problem): boolean {
  return code === "UNKNOWN_SETTING" && field.startsWith(`${BLOCK}.`);
}

/** Stricter than the sidecar where it could work, but the virtual cluster would not. */
function severityOf(problem: Problem): Severity {
  const isFatal = problem.code === "PORT_WITHOUT_LISTENER" || isRefusedByChart(problem);
  return isFatal ? "error" : problem.severity;
}

function consequenceOf(problem: Problem): string {
  if (isRefusedByChart(problem)) return "The chart's schema refuses the file, and Helm installs nothing.";
  switch (problem.code) {
    case "YAML_SYNTAX":
    case "FILE_NOT_TEXT":
    case "FILE_TOO_LARGE":
      return "Helm refuses the file, and installs nothing.";
    case "YAML_DUPLICATE_KEY":
      return "Helm takes the last one without a word, and a reader takes the first.";
    case "FILE_EMPTY":
      return "The chart's defaults are installed: one replica without a VIP.";
    case "UNKNOWN_SETTING":
      return "It has no effect, and the default is used in its place.";
    case "PORT_WITHOUT_LISTENER":
      return "Connections to the VIP are refused: no worker can join, and none that has joined reaches the API server.";
    case "OTHER_OWNER":
      return "The sidecar stays passive; vCluster serves the VIP, or ends at the start for want of a licence.";
    default:
      return "The sidecar stays passive and says so: no replica answers for the VIP.";
  }
}

function patchOf({ code, field }: Problem, root: MapTree, path: Path): Patch | undefined {
  const entry = entryAt(root, path);
  const text = textAt(root, path);
  if (code === "OTHER_OWNER") return entry && replaceValue(entry, "false");
  if (code === "UNKNOWN_SETTING") {
    const said = entriesAlong(root, path)[path.length - 1];
    const near = said && nearestName(said.name, namesIn(path.slice(0, -1)));
    return said === undefined || near === undefined || said.shared ? undefined : replaceSpan(said.key, near);
  }
  if (entry === undefined || text === undefined || !field.endsWith("endpoint")) return undefined;
  if (code === "PORT_WITHOUT_LISTENER") return replaceValue(entry, quotedEndpoint(text.replace(/:[0-9]+$/, ":8443")));
  if (code === "ENDPOINT_WITHOUT_PORT") return replaceValue(entry, quotedEndpoint(`${text.replace(/:$/, "")}:8443`));
  return undefined;
}

/** A plain scalar cannot begin with a bracket. */
function quotedEndpoint(text: string): string {
  return text.startsWith("[") ? `"${text}"` : text;
}

/** YAML's grammar has no tabs in indentation, and many an editor writes them. */
function untabbed(source: Source, line: number): Patch | undefined {
  const text = source.text.split(/\r?\n/)[line - 1] ?? "";
  const indentation = /^\s*/.exec(text)?.[0] ?? "";
  if (!indentation.includes("\t")) return undefined;
  const inserted = indentation.replaceAll("\t", "  ") + text.slice(indentation.length);
  return { source, edits: [{ line, removed: 1, inserted: [inserted] }] };
}
