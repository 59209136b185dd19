/** The one error of the test bed. `code` is stable; the message says what failed, on what and why. */
export type BedErrorCode =
  | "BED_COMMAND_FAILED"
  | "BED_WAIT_TIMED_OUT"
  | "BED_OUTSIDE_SANDBOX"
  | "BED_MISUSED"
  | "BED_TOOL_MISSING"
  | "BED_ORACLE_FAILED";

export class BedError extends Error {
  override readonly name = "BedError";
  readonly code: BedErrorCode;

  constructor(code: BedErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
