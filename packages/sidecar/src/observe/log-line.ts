/**
 * Happenings as log lines: one a transition; what comes with every tick is at debug. Writes nothing itself
 * (adapters/log.ts) and leaves it to repetition.ts to quieten what is said again and again.
 */
import { formatProblem } from "../config/problem.ts";
import type { Notice } from "../election/election.ts";
import type { Happening } from "./happening.ts";
import { redact } from "./redact.ts";
import { shorten } from "./shorten.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Undefined fields are left out of the line. */
type LogFields = Readonly<Record<string, string | number | undefined>>;

export interface LogLine {
  readonly level: LogLevel;
  /** Always with `event`; a transition has `from`, `to` and `reason`. */
  readonly fields: LogFields & { readonly event: string };
  readonly message: string;
}

/** What comes with every tick: counted always, and a line for those who debug. */
export function isRoutine({ t }: Happening): boolean {
  return t === "lease-request" || t === "lease-write" || t === "frames-sent" || t === "acknowledged";
}

export function logLine(happening: Happening): LogLine {
  const { level, fields, message } = lineOf(happening);
  const entries = Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? clean(value) : value]);
  return { level, fields: { ...Object.fromEntries(entries), event: fields.event }, message: clean(message) };
}

function clean(text: string): string {
  return shorten(redact(text));
}

function lineOf(happening: Happening): LogLine {
  const { t: event, ...details } = happening;
  const line = (level: LogLevel, message: string, fields: LogFields = details as LogFields): LogLine => ({
    level,
    fields: { event, ...fields },
    message,
  });
  switch (happening.t) {
    case "transition":
      return line("info", `${happening.machine}: ${happening.from} -> ${happening.to}: ${happening.reason}`);
    case "notice":
      return noticeLine(happening.notice);
    case "problem": {
      const { severity, code, field, position } = happening.problem;
      const level = severity === "error" ? "error" : "warn";
      return line(level, formatProblem(happening.problem), { code, field, ...position });
    }
    case "trouble":
      return line("warn", happening.message, { where: happening.where, code: happening.code });
    case "recovered":
      return line("info", `${happening.where}: works again`);
    case "lease-request":
      return line("debug", `${happening.verb} of the Lease at ${happening.endpoint}: ${happening.outcome}`);
    case "lease-write":
      return line("debug", `write of the Lease (${happening.purpose}): ${happening.result}`);
    case "holder-changed":
      return line("info", `the Lease's holder is ${happening.to ?? "nobody"}, and was ${happening.from ?? "nobody"}`);
    case "took":
      return line("info", `took the VIP; first frame ${happening.wonToFirstFrameMs.toFixed(1)} ms after the Lease`);
    case "silenced":
      return line("info", `silent for the VIP, ${happening.tookMs.toFixed(1)} ms after it was asked for`);
    case "frames-sent":
      return line("debug", `${happening.count} frames of form ${happening.form}`);
    case "acknowledged":
      return line("debug", `${happening.address} has the VIP's new place after ${happening.afterMs.toFixed(1)} ms`);
    case "conflict":
      return line("error", `${happening.mac} claims the VIP too: look for a second holder or a host with this address`);
    case "restored":
      return line("warn", `missing in the kernel, put back: ${happening.what}`);
    case "swept":
      return line("info", `left over from before, removed: ${happening.what}`);
    case "event":
      if (happening.outcome !== "forbidden") return line("debug", `Kubernetes Event: ${happening.outcome}`);
      return line(
        "warn",
        "no more Kubernetes Events until the next start: the API forbids them. Allow create of events.events.k8s.io in the Lease's namespace, or do without",
      );
    case "fence": {
      const { fenceLevel, aim, reason } = happening;
      if (fenceLevel === aim) return line("info", `fence level ${fenceLevel}`);
      return line("warn", `fence level ${fenceLevel} instead of ${aim}: ${reason ?? "not to be had"}`);
    }
    default:
      return assertNever(happening);
  }
}

function noticeLine(notice: Notice): LogLine {
  const { t: event, ...details } = notice;
  const line = (level: LogLevel, message: string, fields = details as LogFields): LogLine => ({
    level,
    fields: { event, ...fields },
    message,
  });
  switch (notice.t) {
    case "counting-vacant":
      return line("info", `the Lease is vacant without a mark: it counts as held for ${seconds(notice.waitMs)}`);
    case "duration-differs":
      return line(
        "warn",
        `the Lease says ${notice.recordSeconds} s of duration, this replica ${notice.ownSeconds} s: ${notice.countedSeconds} s count; set the same everywhere`,
      );
    case "transitions-edited":
      return line(
        "warn",
        `the Lease has leaseTransitions ${notice.to} after ${notice.from ?? "none known"}: edited by hand, or an old copy was put back. It proves nothing, and a holder puts the higher back`,
      );
    case "lease-oversized":
      return line(
        "warn",
        `the Lease's ${notice.what} has ${notice.characters} characters: the API refuses objects that grow too large, and then nobody can renew; remove what is not needed`,
      );
    case "segment-answered":
      return line("warn", `not taking the VIP: answered for by ${notice.by.join(", ")}, who is not its last holder`, {
        by: notice.by.join(" "),
      });
    case "transfer-refused":
      return line("warn", `the VIP stays: ${notice.reason}`);
    case "moves-alarm":
      return line("warn", `${notice.moves} voluntary moves of the VIP within ${seconds(notice.windowMs)}`);
    case "write-failed":
      return line("warn", `write of the Lease (${notice.purpose}) not confirmed: ${notice.result}`);
    default:
      return assertNever(notice);
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function assertNever(value: never): never {
  throw new TypeError(`log: impossible value ${JSON.stringify(value)}`);
}
