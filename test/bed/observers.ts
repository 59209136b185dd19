/** The two observers that watch the VIP from outside, ready to use: who answers ARP, and who serves connections. */
import { type AnswerRun, type ArpReport, firstOther, reportAnswers } from "./arp-answers.ts";
import type { ArpSamplerOptions } from "./arp-sampler.ts";
import { type Attempt, type ConnectionReport, reportConnections } from "./connections.ts";
import type { ConnectorOptions } from "./connector.ts";
import type { Namespace } from "./namespace.ts";
import { Oracle } from "./oracle.ts";
import { PAGE, type Segment } from "./segment.ts";
import { sleep } from "./wait.ts";

/** A sampler's probe is settled after 100 ms, a connection decided after 250, and both are told every 50 ms. */
const LAG_MS = { sampler: 200, connector: 350 } as const;

export class ArpSampler {
  readonly #oracle: Oracle<AnswerRun>;

  private constructor(oracle: Oracle<AnswerRun>) {
    this.#oracle = oracle;
  }

  /** Samples the VIP from the segment's sampler namespace (or that of another side of it), every 2 ms. */
  static async start(segment: Pick<Segment, "sampler">, periodMs = 2): Promise<ArpSampler> {
    const options: ArpSamplerOptions = { vip: PAGE.vip, periodMs };
    return new ArpSampler(await Oracle.start(segment.sampler, "arp-sampler.ts", options));
  }

  get runs(): readonly AnswerRun[] {
    return this.#oracle.records;
  }

  report(fromMs?: number, toMs?: number): ArpReport {
    return reportAnswers(this.runs, fromMs, toMs);
  }

  /** Resolves when everything that happened before this call is in the records. */
  caughtUp(): Promise<void> {
    return sleep(LAG_MS.sampler);
  }

  /** Who answered last; empty: nobody. */
  get answering(): readonly string[] {
    return this.runs.at(-1)?.macs ?? [];
  }

  firstOther(mac: string, afterMs: number): number | undefined {
    return firstOther(this.runs, mac, afterMs);
  }

  forget(): void {
    this.#oracle.forget();
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

  /** Resolves when everything that was begun before this call is in the records. */
  caughtUp(): Promise<void> {
    return sleep(LAG_MS.connector);
  }

  get attempts(): readonly Attempt[] {
    return this.#oracle.records;
  }

  report(fromMs?: number, toMs?: number): ConnectionReport {
    return reportConnections(this.attempts, fromMs, toMs);
  }

  forget(): void {
    this.#oracle.forget();
  }

  stop(): Promise<void> {
    return this.#oracle.stop();
  }

  close(): Promise<void> {
    return this.#oracle.close();
  }
}
