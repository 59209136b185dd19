/**
 * An end to what is waited for, that can be called off. AbortSignal.timeout cannot: it wakes the process for every answer
 * that came in time, and makes an error with a stack that nobody reads: at rest more than three times a second.
 */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** Aborts the signal after so long; keeps no process alive. */
  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs).unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Nothing is waited for any more. */
  callOff(): void {
    clearTimeout(this.#timer);
  }
}
