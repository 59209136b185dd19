/**
 * The kinds of plain values that settings have: numbers, names, paths. Each reads one text, wherever it was found, and
 * describes itself for --help and docs/configuration.md. Addresses and the like are in network-kinds.ts.
 */
import { fault, type ProblemCode, type Reading, valid } from "./problem.ts";

export interface Kind<T> {
  /** "seconds", "port": the type column of docs/configuration.md and the placeholder in --help. */
  readonly type: string;
  /** "3 to 60, whole" */
  readonly range: string;
  /** The rest of "expected …". */
  readonly expected: string;
  /** Of numbers; what is excepted in between is not said here. */
  readonly limits?: Range & { readonly whole: boolean };
  /** All that there are. */
  readonly words?: readonly string[];
  /** Never throws. */
  read(text: string): Reading<T>;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Read into milliseconds. Fractions down to a millisecond are taken unless `whole`. */
export function seconds({ min, max, whole = false }: Range & { readonly whole?: boolean }): Kind<number> {
  const range = `${min} to ${max}${whole ? ", whole" : ""}`;
  const cure = `write a ${whole ? "whole " : ""}number without a unit`;
  return {
    type: "seconds",
    range,
    expected: `${whole ? "whole seconds" : "seconds"} from ${min} to ${max}`,
    limits: { min, max, whole },
    read(text) {
      if (!/^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text)) return fault("NUMBER_INVALID", "is not a decimal number", cure);
      const value = Number(text);
      if (whole && !Number.isInteger(value)) return fault("NUMBER_INVALID", "is not a whole number", cure);
      if (value < min || value > max) return outOfRange({ min, max });
      return valid(Math.round(value * 1000));
    },
  };
}

/** A decimal number; `taken` says which are refused and whose they are. */
export function integer({
  min,
  max,
  taken,
}: Range & {
  readonly taken?: { readonly numbers: ReadonlyMap<number, string>; readonly code: ProblemCode };
}): Kind<number> {
  const except = taken === undefined ? "" : `, except ${[...taken.numbers.keys()].join(", ")}`;
  return {
    type: "number",
    range: `${min} to ${max}${except}`,
    expected: `a whole number from ${min} to ${max}`,
    limits: { min, max, whole: true },
    read(text) {
      if (!/^(0|[1-9][0-9]{0,9})$/.test(text))
        return fault("NUMBER_INVALID", "is not a decimal number", "write digits only, without leading zeros");
      const value = Number(text);
      if (value < min || value > max) return outOfRange({ min, max });
      const owner = taken?.numbers.get(value);
      if (taken !== undefined && owner !== undefined)
        return fault(taken.code, `belongs to ${owner}`, "choose a number nobody else uses");
      return valid(value);
    },
  };
}

function outOfRange({ min, max }: Range): Reading<never> {
  return fault("NUMBER_OUT_OF_RANGE", "is out of range", `choose a value from ${min} to ${max}`);
}

const DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const NAME = new RegExp(`^${DNS_LABEL}(\\.${DNS_LABEL})*$`);
const NAME_CURE = "use lower-case letters, digits, - and . only, beginning and ending with a letter or digit";

/** RFC 1123, as Kubernetes checks names: subdomains have 253 characters at most, labels 63. */
export function dnsName({ max }: { readonly max: 63 | 253 }): Kind<string> {
  return {
    type: "name",
    range: `RFC 1123, at most ${max} characters`,
    expected: `a name of at most ${max} characters as Kubernetes takes it (RFC 1123)`,
    read(text) {
      if (text.length > max) return fault("NAME_INVALID", `is ${text.length} characters long`, "shorten it");
      if (!NAME.test(text)) return fault("NAME_INVALID", "has a character that such a name cannot have", NAME_CURE);
      if (max === 63 && text.includes(".")) return fault("NAME_INVALID", "has a dot", "use - instead");
      return valid(text);
    },
  };
}

/** kube-vip lower-cases node names; hostnames may come in capitals too. */
export const nodeName: Kind<string> = {
  ...dnsName({ max: 253 }),
  read: (text) => dnsName({ max: 253 }).read(text.toLowerCase()),
};

export interface LeaseName {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** "name", or "namespace/name" as kube-vip takes it. */
export const leaseName: Kind<LeaseName> = {
  type: "name or namespace/name",
  range: "RFC 1123",
  expected: "the name of a Lease, or namespace/name",
  read(text) {
    const parts = text.split("/");
    if (parts.length > 2) return fault("NAME_INVALID", 'has more than one "/"', "write it as namespace/name");
    const name = dnsName({ max: 253 }).read(parts.at(-1) ?? "");
    if (name.t === "invalid") return name;
    if (parts.length === 1) return valid({ namespace: undefined, name: name.value });
    const namespace = dnsName({ max: 63 }).read(parts[0] ?? "");
    return namespace.t === "invalid" ? namespace : valid({ namespace: namespace.value, name: name.value });
  },
};

/** Part of the identity in the Lease, where "_" divides: a UUID, or what a machine has instead. */
export const uid: Kind<string> = {
  type: "uid",
  range: "1 to 63 letters, digits, -",
  expected: "a UID such as a pod's",
  read(text) {
    if (/^[0-9a-zA-Z-]{1,63}$/.test(text)) return valid(text);
    return fault("UID_INVALID", "has other characters than letters, digits and -", "set it from metadata.uid");
  },
};

export const path: Kind<string> = {
  type: "path",
  range: "absolute",
  expected: "an absolute path",
  read(text) {
    // A control character in a path is a broken paste; the kernel would take most of them.
    if (/\p{Cc}/u.test(text)) return fault("PATH_INVALID", "has a control character", "write the path again");
    if (!text.startsWith("/")) return fault("PATH_INVALID", "does not begin with /", "write the whole path");
    return valid(text);
  },
};

const LEVELS = ["debug", "info", "warn", "error"] as const;
type LogLevel = (typeof LEVELS)[number];

/** Names, or kube-vip's numbers, which are those of Go's slog: -4 debug, 0 info, 4 warn, 8 error. */
export const logLevel: Kind<LogLevel> = {
  type: "level",
  range: "debug, info, warn, error; or a number as kube-vip takes it",
  expected: "debug, info, warn or error",
  read(text) {
    const named = LEVELS.find((level) => level === text);
    if (named !== undefined) return valid(named);
    if (!/^-?[0-9]{1,3}$/.test(text)) return fault("LOG_LEVEL_INVALID", "is none of them", "choose one");
    const number = Number(text);
    if (number < 0) return valid("debug");
    if (number < 4) return valid("info");
    return valid(number < 8 ? "warn" : "error");
  },
};

/** One of a few words, as written. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return {
    type: "word",
    range: words.join(", "),
    expected: words.join(" or "),
    words,
    read(text) {
      const word = words.find((known) => known === text);
      return word === undefined ? fault("WORD_INVALID", "is none of them", "choose one") : valid(word);
    },
  };
}

/** As Go's ParseBool reads it, hence kube-vip and Helm's values in the environment. */
export const boolean: Kind<boolean> = {
  type: "boolean",
  range: "true or false",
  expected: "true or false",
  read(text) {
    if (/^(1|t|true|T|TRUE|True)$/.test(text)) return valid(true);
    if (/^(0|f|false|F|FALSE|False)$/.test(text)) return valid(false);
    return fault("BOOLEAN_INVALID", "is neither", "write true or false");
  },
};
