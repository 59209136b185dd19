/**
 * Makes problems: the sentences that answer bad input. One form for all of them (expected, found, what to do), so that
 * a person who has read one can read the next. Knows no settings.
 */
import type { Problem } from "./config.ts";

/** All codes of this folder, in the order of docs/errors.md, which explains each. */
export const PROBLEM_CODES = [
  "YAML_SYNTAX",
  "YAML_DUPLICATE_KEY",
  "FILE_UNREADABLE",
  "FILE_TOO_LARGE",
  "FILE_NOT_TEXT",
  "FILE_EMPTY",
  "WRONG_TYPE",
  "UNKNOWN_SETTING",
  "OTHER_OWNER",
  "ENDPOINT_MISSING",
  "ENDPOINT_WITHOUT_PORT",
  "VIP_NOT_AN_ADDRESS",
  "VIP_LIST",
  "VIP_RESERVED",
  "VIP_IS_GATEWAY",
  "VIP_IS_NETWORK",
  "VIP_IS_BROADCAST",
  "VIP_IS_POD_IP",
  "VIP_OUTSIDE_SUBNET",
  "FAMILY_MISMATCH",
  "PORT_WITHOUT_LISTENER",
  "INTERFACE_MISSING",
  "INTERFACE_NAME_INVALID",
  "GATEWAY_MISSING",
  "GATEWAY_WITHOUT_PREFIX",
  "GATEWAY_INVALID",
  "RENEW_DEADLINE_TOO_LONG",
  "RETRY_PERIOD_TOO_LONG",
  "HOLD_TOO_SHORT",
  "TABLE_RESERVED",
  "PROTOCOL_TAKEN",
  "HTTP_ON_VIP",
  "PEERS_UNKNOWN",
  "ADDRESS_INVALID",
  "BOOLEAN_INVALID",
  "HOST_INVALID",
  "LISTEN_ADDRESS_INVALID",
  "LOG_LEVEL_INVALID",
  "NAME_INVALID",
  "NUMBER_INVALID",
  "NUMBER_OUT_OF_RANGE",
  "PATH_INVALID",
  "SERVER_INVALID",
  "UID_INVALID",
  "KUBE_VIP_MODE",
  "KUBE_VIP_LEFT_OUT",
  "KUBE_VIP_UNKNOWN_NAME",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Where a value came from. */
export interface Origin {
  /** "controlPlane.endpoint", "$vip_leaseduration", "--lease-duration-seconds". */
  readonly field: string;
  readonly position: Problem["position"];
}

/** What a parser has against a text, as parts of a sentence whose subject is the text itself. */
export interface Fault {
  readonly t: "invalid";
  readonly code: ProblemCode;
  /** "has the octal-looking part 010" */
  readonly reason: string;
  /** "write the address in plain decimal" */
  readonly cure: string;
}

export type Reading<T> = { readonly t: "valid"; readonly value: T } | Fault;

export function valid<T>(value: T): Reading<T> {
  return { t: "valid", value };
}

export function fault(code: ProblemCode, reason: string, cure: string): Fault {
  return { t: "invalid", code, reason, cure };
}

/** A value that could not be read. */
export function unreadable(origin: Origin, expected: string, found: string, { code, reason, cure }: Fault): Problem {
  return error(code, origin, `expected ${expected}; found ${quote(found)}, which ${reason}: ${cure}`);
}

export function error(code: ProblemCode, origin: Origin, message: string): Problem {
  return { severity: "error", code, ...origin, message };
}

export function warning(code: ProblemCode, origin: Origin, message: string): Problem {
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
