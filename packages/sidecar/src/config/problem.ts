/**
 * Makes problems: the sentences that answer bad input. One form for all of them (expected, found, what to do), so that
 * a person who has read one can read the next. Knows no settings.
 */
import type { Problem } from "./config.ts";

/** All codes of this folder, in the order of docs/errors.md, which explains each. Any error keeps the sidecar passive. */
export const SEVERITIES = {
  YAML_SYNTAX: "error",
  YAML_DUPLICATE_KEY: "error",
  FILE_UNREADABLE: "error",
  FILE_TOO_LARGE: "error",
  FILE_NOT_TEXT: "error",
  FILE_EMPTY: "warning",
  WRONG_TYPE: "error",
  UNKNOWN_SETTING: "warning",
  OTHER_OWNER: "error",
  ENDPOINT_MISSING: "error",
  ENDPOINT_WITHOUT_PORT: "error",
  VIP_NOT_AN_ADDRESS: "error",
  VIP_LIST: "error",
  VIP_RESERVED: "error",
  VIP_IS_GATEWAY: "error",
  VIP_IS_NETWORK: "error",
  VIP_IS_BROADCAST: "error",
  VIP_IS_POD_IP: "error",
  VIP_OUTSIDE_SUBNET: "error",
  FAMILY_MISMATCH: "error",
  PORT_WITHOUT_LISTENER: "warning",
  INTERFACE_MISSING: "error",
  INTERFACE_NAME_INVALID: "error",
  GATEWAY_MISSING: "error",
  GATEWAY_WITHOUT_PREFIX: "error",
  GATEWAY_INVALID: "error",
  RENEW_DEADLINE_TOO_LONG: "error",
  RETRY_PERIOD_TOO_LONG: "error",
  HOLD_TOO_SHORT: "error",
  ADDRESS_LIFETIME_TOO_SHORT: "error",
  TABLE_RESERVED: "error",
  PROTOCOL_TAKEN: "error",
  HTTP_ON_VIP: "error",
  PEERS_UNKNOWN: "warning",
  ADDRESS_INVALID: "error",
  BOOLEAN_INVALID: "error",
  HOST_INVALID: "error",
  LISTEN_ADDRESS_INVALID: "error",
  LOG_LEVEL_INVALID: "error",
  NAME_INVALID: "error",
  NUMBER_INVALID: "error",
  NUMBER_OUT_OF_RANGE: "error",
  PATH_INVALID: "error",
  SERVER_INVALID: "error",
  UID_INVALID: "error",
  WORD_INVALID: "error",
  KUBE_VIP_MODE: "error",
  KUBE_VIP_LEFT_OUT: "warning",
  KUBE_VIP_UNKNOWN_NAME: "warning",
} as const;

export type ProblemCode = keyof typeof SEVERITIES;

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
  return problem(code, origin, `expected ${expected}; found ${quote(found)}, which ${reason}: ${cure}`);
}

export function problem(code: ProblemCode, origin: Origin, message: string): Problem {
  return { severity: SEVERITIES[code], code, ...origin, message };
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
