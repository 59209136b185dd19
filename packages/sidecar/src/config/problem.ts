/**
 * Makes problems: the sentences that answer bad input. One form for all of them (expected, found, what to do), so that
 * a person who has read one can read the next. Knows no settings.
 */
import type { Problem } from "./config.ts";

/** Where a value came from. */
export interface Origin {
  /** "controlPlane.endpoint", "$vip_leaseduration", "--lease-duration-seconds". */
  readonly field: string;
  readonly position: Problem["position"];
}

/** What a parser has against a text, as parts of a sentence whose subject is the text itself. */
export interface Fault {
  readonly t: "invalid";
  readonly code: string;
  /** "has the octal-looking part 010" */
  readonly reason: string;
  /** "write the address in plain decimal" */
  readonly cure: string;
}

export type Reading<T> = { readonly t: "valid"; readonly value: T } | Fault;

export function valid<T>(value: T): Reading<T> {
  return { t: "valid", value };
}

export function fault(code: string, reason: string, cure: string): Fault {
  return { t: "invalid", code, reason, cure };
}

/** A value that could not be read. */
export function unreadable(origin: Origin, expected: string, found: string, { code, reason, cure }: Fault): Problem {
  return error(code, origin, `expected ${expected}, but ${quote(found)} ${reason}: ${cure}`);
}

export function error(code: string, origin: Origin, message: string): Problem {
  return { severity: "error", code, ...origin, message };
}

export function warning(code: string, origin: Origin, message: string): Problem {
  return { severity: "warning", code, ...origin, message };
}

/** "config.yaml:12:15: error ENDPOINT_WITHOUT_PORT: controlPlane.endpoint: expected …", as compilers print. */
export function formatProblem({ severity, code, field, position, message }: Problem): string {
  const place = position === undefined ? "" : `${position.file}:${position.line}:${position.column}: `;
  return `${place}${severity} ${code}: ${field}: ${message}`;
}

const QUOTED_MAX = 60;

/** Somebody's text for use in a sentence: on one line, short, without control characters. */
export function quote(text: string): string {
  const short = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text;
  return JSON.stringify(short).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "�");
}
