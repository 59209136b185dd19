/** What `doctor` says about one thing: a line of its report. How it is printed is report.ts. */
import { FAULTS, type FaultCode } from "./faults.ts";

/** What a check says. */
export type Verdict =
  | { readonly t: "ok"; readonly sentence: string }
  /** It could not be looked at, so nothing is known for or against it. */
  | { readonly t: "unknown"; readonly sentence: string }
  | Fault;

export interface Fault {
  readonly t: "warning" | "error";
  /** Upper snake: a section of docs/doctor.md, or of docs/errors.md where the sentence is not the doctor's own. */
  readonly code: string;
  /** What was found. */
  readonly sentence: string;
  /** undefined: the sentence itself says what to do. */
  readonly cure: string | undefined;
}

export type Finding = Verdict & { readonly check: string };

export function ok(sentence: string): Verdict {
  return { t: "ok", sentence };
}

export function unknown(sentence: string): Verdict {
  return { t: "unknown", sentence };
}

/** One of the doctor's own, with the severity and the cure that it always has. */
export function fault(code: FaultCode, sentence: string): Fault {
  const { severity, cure } = FAULTS[code];
  return { t: severity, code, sentence, cure };
}

/** 0: nothing worse than warnings. What is not known is no error. */
export function exitStatus(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ t }) => t === "error") ? 1 : 0;
}
