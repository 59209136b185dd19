/**
 * How the three times of the election must fit together: as client-go demands it, and so that a hold, and the
 * address's lifetime in the kernel, outlast the wait for the next renewal. One time's own range is its kind's matter.
 */
import { validSecondsOf } from "@vcluster-kube-vip/routing";
import { exclusiveMs, holdDurationMs } from "../election/hold-deadline.ts";
import type { Config, Problem } from "./config.ts";
import { type Origin, problem } from "./problem.ts";

/** client-go's JitterFactor (tools/leaderelection): a wait is up to this many retryPeriods long. */
const RETRY_JITTER = 1.2;
/** A request gets this part of the renewDeadline (rule 5). */
const REQUESTS_PER_RENEW_DEADLINE = 3;

export interface TimingOrigins {
  readonly leaseDuration: Origin;
  readonly renewDeadline: Origin;
  readonly retryPeriod: Origin;
}

export function checkTiming(lease: Config["lease"], origins: TimingOrigins): readonly Problem[] {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = lease;
  const problems: Problem[] = [];
  if (leaseDurationMs <= renewDeadlineMs) {
    const sentence = `expected less than the leaseDuration, ${inSeconds(leaseDurationMs)}, but found ${inSeconds(renewDeadlineMs)}: lower it, two thirds of the leaseDuration is usual`;
    problems.push(problem("RENEW_DEADLINE_TOO_LONG", origins.renewDeadline, sentence));
  }
  if (renewDeadlineMs <= RETRY_JITTER * retryPeriodMs) {
    const most = inSeconds(renewDeadlineMs / RETRY_JITTER);
    const sentence = `expected less than renewDeadline / ${RETRY_JITTER}, ${most}, but found ${inSeconds(retryPeriodMs)}: lower it, a fifth of the renewDeadline is usual`;
    problems.push(problem("RETRY_PERIOD_TOO_LONG", origins.retryPeriod, sentence));
  }
  const heldMs = holdDurationMs(lease);
  const neededMs = renewalMs(lease);
  if (problems.length === 0 && heldMs < neededMs) {
    const sentence = `expected a hold of at least ${inSeconds(neededMs)} (${RETRY_JITTER} x retryPeriod + renewDeadline / ${REQUESTS_PER_RENEW_DEADLINE}, the longest wait for the next renewal and one request), but ${inSeconds(leaseDurationMs)} allow ${inSeconds(heldMs)}: raise the leaseDuration or lower the other two`;
    problems.push(problem("HOLD_TOO_SHORT", origins.leaseDuration, sentence));
  }
  const validSeconds = validSecondsOf(exclusiveMs(lease)) ?? 0;
  const waitMs = RETRY_JITTER * retryPeriodMs;
  if (problems.length === 0 && (validSeconds < 1 || validSeconds * 1000 < waitMs)) {
    const sentence = `expected that the VIP's address may last for at least ${inSeconds(Math.max(1_000, waitMs))} (a whole second, and ${RETRY_JITTER} x retryPeriod, the longest wait for the next renewal), but ${inSeconds(leaseDurationMs)} allow ${validSeconds} s, since the kernel counts whole seconds and may be 1.25 s late: raise the leaseDuration or lower the retryPeriod`;
    problems.push(problem("ADDRESS_LIFETIME_TOO_SHORT", origins.leaseDuration, sentence));
  }
  return problems;
}

/** From one renewal's send to the next one's answer, at worst, if every request is answered within its time-out. */
function renewalMs({ renewDeadlineMs, retryPeriodMs }: Config["lease"]): number {
  return RETRY_JITTER * retryPeriodMs + renewDeadlineMs / REQUESTS_PER_RENEW_DEADLINE;
}

function inSeconds(durationMs: number): string {
  return `${Number((durationMs / 1000).toFixed(2))} s`;
}
