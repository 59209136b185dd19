/** The one error of the image's building. `code` is stable; the message says what failed, on what, and what to do next. */
export type ImageErrorCode = "IMAGE_PART_MISSING" | "IMAGE_NAME_TOO_LONG" | "IMAGE_TOOL_FAILED";

export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
