/**
 * The ways to the API as they really are. One API server a replica, before one etcd: each may be dead, hang or be slow.
 * A request goes to the own one first and, when that fails or is late, to the peers': copies of it are lost, late, sent
 * twice and overtake each other. The store behind them is linearizable, as etcd is; a watch may be far behind it.
 */
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Dead refuses at once; hung takes the connection and says nothing; slow takes 2 to 5 s. */
export type ServerHealth = "up" | "dead" | "hung" | "slow";

/** How a machine reaches the API servers, all of them. Hung: connections stand, nothing is answered. */
export type Reach = "open" | "cut" | "hung";

export interface ApiFaults {
  /** Chance that one leg of a request is lost. */
  readonly loss: number;
  /** Chance that one leg takes up to 4 s. */
  readonly slow: number;
  /** Chance that a copy of a request arrives twice. */
  readonly twice: number;
  /** Chance per delivered change that a watch breaks. */
  readonly watchBreak: number;
  /** Chance that a watch begins with a list that is behind. */
  readonly staleList: number;
}

export const NO_API_FAULTS: ApiFaults = { loss: 0, slow: 0, twice: 0, watchBreak: 0, staleList: 0 };

/** An answer that is later than this is asked for at the next server too. */
const HEDGE_AFTER_MS = 300;
/** A server that failed comes last for this long. */
const AVOIDED_MS = 1_000;
const COPIES_MAX = 4;

export class ApiServer {
  health: ServerHealth = "up";
}

/** What one copy of a request came to. */
export type CopyAnswer<A> = { readonly t: "answered"; readonly answer: A } | { readonly t: "unsent" };

export interface Question<A> {
  readonly timeoutMs: number;
  readonly atServer: () => A;
  /** Whether the answer leaves nothing to be asked, or at least is the same at every server. */
  readonly judge: (answer: A) => "settles" | "final";
  /** Called once. `unanswered` copies may still take effect. */
  readonly done: (answers: readonly A[], unanswered: number) => void;
}

/** The ways of one machine. */
export class ApiWays {
  reach: Reach = "open";
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #faults: () => ApiFaults;
  /** Own first. */
  readonly #servers: readonly ApiServer[];
  readonly #avoidedUntilMs = new Map<ApiServer, number>();

  constructor(parts: {
    readonly timeline: Timeline;
    readonly random: Random;
    readonly faults: () => ApiFaults;
    readonly servers: readonly ApiServer[];
  }) {
    this.#timeline = parts.timeline;
    this.#random = parts.random;
    this.#faults = parts.faults;
    this.#servers = parts.servers;
  }

  get faults(): ApiFaults {
    return this.#faults();
  }

  /** In the order in which they are asked. */
  inOrder(): readonly ApiServer[] {
    const avoided = (server: ApiServer) => (this.#avoidedUntilMs.get(server) ?? 0) > this.#timeline.nowMs;
    const good = this.#servers.filter((server) => !avoided(server));
    return good.length === this.#servers.length ? good : [...good, ...this.#servers.filter(avoided)];
  }

  /** Copies of one request. `run` lets the process act, which may be frozen while a hedge or the time-out is due. */
  ask<A>({ timeoutMs, atServer, judge, done }: Question<A>, run: (act: () => void) => void): void {
    const waiting = [...this.inOrder()];
    const answers: A[] = [];
    let [copies, unanswered, settled] = [0, 0, false];
    const settle = () => {
      if (settled) return;
      settled = true;
      cancelTimeout();
      done(answers, unanswered);
    };
    const launch = () => {
      const server = settled || copies >= COPIES_MAX ? undefined : waiting.shift();
      if (server === undefined) return;
      copies += 1;
      unanswered += 1;
      const cancelHedge = this.#timeline.after(HEDGE_AFTER_MS, () => run(hedge));
      const hedge = () => {
        this.#avoid(server);
        launch();
      };
      this.#copy(server, atServer, (copy) => {
        cancelHedge();
        run(() => onCopy(server, copy));
      });
    };
    const onCopy = (server: ApiServer, copy: CopyAnswer<A>) => {
      unanswered -= 1;
      if (copy.t === "answered") {
        answers.push(copy.answer);
        if (judge(copy.answer) === "settles") return settle();
        waiting.length = 0;
      } else {
        this.#avoid(server);
        launch();
      }
      if (unanswered === 0) settle();
    };
    const cancelTimeout = this.#timeline.after(timeoutMs, () => run(settle));
    launch();
  }

  #avoid(server: ApiServer): void {
    this.#avoidedUntilMs.set(server, this.#timeline.nowMs + AVOIDED_MS);
  }

  #copy<A>(server: ApiServer, atServer: () => A, onCopy: (copy: CopyAnswer<A>) => void): void {
    if (this.#isLost()) return;
    const arrives = () => {
      if (server.health === "dead") this.#timeline.after(this.latencyMs(), () => onCopy({ t: "unsent" }));
      if (server.health === "dead" || server.health === "hung") return;
      const workMs = server.health === "slow" ? this.#random.between(2_000, 5_000) : 0;
      // A slow server may be slow before it writes, or after.
      const before = workMs * this.#random.next();
      this.#timeline.after(before, () => {
        const answer = atServer();
        if (this.#isLost()) return;
        this.#timeline.after(workMs - before + this.latencyMs(), () => onCopy({ t: "answered", answer }));
      });
    };
    this.#timeline.after(this.latencyMs(), arrives);
    if (this.#random.chance(this.faults.twice)) this.#timeline.after(this.latencyMs(), () => void atServer());
  }

  #isLost(): boolean {
    return this.reach !== "open" || this.#random.chance(this.faults.loss);
  }

  latencyMs(): number {
    return this.#random.chance(this.faults.slow) ? this.#random.between(0, 4_000) : this.#random.between(0.5, 12);
  }
}
