/** The two observers that watch the VIP from outside, ready to use: who answers ARP, and who serves connections. */
import { type AnswerRun, type ArpReport, firstOther, reportAnswers } from "./arp-answers.ts";
import type { ArpSamplerOptions } from "./arp-sampler.ts";
import type { Attempt, ConnectionReport } from "./connections.ts";
import { reportConnections } from "./connections.ts";
import type { ConnectorOptions } from "./connector.ts";
import type { Namespace } from "./namespace.ts";
import { Oracle } from "./oracle.ts";
import { PAGE, type Segment } from "./segment.ts";

/** Records lag behind by up to this: a sampler's probe is settled after 100 ms and told every 50 ms. */
export const OBSERVER_LAG_MS = 200;

export class ArpSampler {
  readonly #oracle: Oracle<AnswerRun>;

  private constructor(oracle: Oracle<AnswerRun>) {
    this.#oracle = oracle;
  }

  /** Samples the VIP from the segment's sampler namespace every 2 ms. */
  static async start(segment: Segment): Promise<ArpSampler> {
    const options: ArpSamplerOptions = { vip: PAGE.vip };
    return new ArpSampler(await Oracle.start(segment.sampler, "arp-sampler.ts", options));
  }

  get runs(): readonly AnswerRun[] {
    return this.#oracle.records;
  }

  report(fromMs?: number, toMs?: number): ArpReport {
    return reportAnswers(this.runs, fromMs, toMs);
  }

  /** Who answered last; undefined: nobody. */
  get answering(): readonly string[] {
    return this.runs.at(-1)?.macs ?? [];
  }

  firstOther(mac: string, afterMs: number): number | undefined {
    return firstOther(this.runs, mac, afterMs);
  }

  stop(): Promise<void> {
    return this.#oracle.stop();
  }

  close(): Promise<void> {
    return this.#oracle.close();
  }
}

export class Connector {
  readonly #oracle: Oracle<Attempt>;

  private constructor(oracle: Oracle<Attempt>) {
    this.#oracle = oracle;
  }

  /** Connects to the VIP (unless told otherwise) from `namespace`, every 5 ms. */
  static async start(namespace: Namespace, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
    const all: ConnectorOptions = { host: PAGE.vip, port: PAGE.port, ...options };
    return new Connector(await Oracle.start(namespace, "connector.ts", all));
  }

  get attempts(): readonly Attempt[] {
    return this.#oracle.records;
  }

  report(fromMs?: number, toMs?: number): ConnectionReport {
    return reportConnections(this.attempts, fromMs, toMs);
  }

  stop(): Promise<void> {
    return this.#oracle.stop();
  }

  close(): Promise<void> {
    return this.#oracle.close();
  }
}
