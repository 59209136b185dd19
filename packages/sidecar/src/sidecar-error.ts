/**
 * The one error class of this package. Errors are for the unexpected: what may well happen (a Lease held by another, an
 * address that is there already, a bad setting) comes back as a result.
 */

export interface SidecarErrorOptions {
  readonly cause?: unknown;
  /** What it happened to: link, path, endpoint. Goes to the log; no secrets. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

export class SidecarError extends Error {
  override readonly name = "SidecarError";
  /** Stable, upper snake: KUBECONFIG_UNREADABLE. Listed in docs/errors.md. */
  readonly code: string;
  readonly fields: Readonly<Record<string, string | number>>;

  /**
   * @param sentence What failed, on what, because of what, then what to do. The code is put in front of it.
   */
  constructor(code: string, sentence: string, options: SidecarErrorOptions = {}) {
    super(`${code}: ${sentence}`, "cause" in options ? { cause: options.cause } : {});
    this.code = code;
    this.fields = options.fields ?? {};
  }
}
