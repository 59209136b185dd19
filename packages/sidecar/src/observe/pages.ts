/** The four pages that are served on loopback and the pod's address, as text. Served by adapters/http. */
import { EXPOSITION_CONTENT_TYPE } from "./exposition.ts";
import { redact } from "./redact.ts";

export interface Page {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** By path. Each is made when it is asked for. */
export type Pages = Readonly<Record<string, () => Page>>;

/** The loop turns at least once a retry period (at most 30 s); twice that is not waiting any more. */
const LOOP_AGE_MAX_MS = 60_000;

/** Alive: the supervisor's loop makes progress. Says nothing about the VIP. */
export function healthPage(loopAgeMs: number): Page {
  if (loopAgeMs <= LOOP_AGE_MAX_MS) return text(200, "ok");
  const age = (loopAgeMs / 1000).toFixed(1);
  return text(503, `the sidecar's loop has not turned for ${age} s, more than ${LOOP_AGE_MAX_MS / 1000} s: restart it`);
}

/** Whether this replica holds the VIP or could take it. Not for the pod's readinessProbe (docs/metrics.md). */
export function readyPage(ready: boolean, reason: string): Page {
  return ready ? text(200, "ready") : text(503, `not ready to take the VIP: ${redact(reason)}`);
}

export function metricsPage(exposed: string): Page {
  return { status: 200, contentType: EXPOSITION_CONTENT_TYPE, body: exposed };
}

export function statusPage(json: string): Page {
  return { status: 200, contentType: "application/json", body: json };
}

function text(status: 200 | 503, sentence: string): Page {
  return { status, contentType: "text/plain; charset=utf-8", body: `${sentence}\n` };
}
