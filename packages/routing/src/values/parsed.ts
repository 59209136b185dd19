/** What a strict parser says of a text. The reason is the predicate of a sentence whose subject is the caller's. */
export type Parsed<T> =
  | { readonly t: "valid"; readonly value: T }
  /** "has an octal-looking part 010", to be said of the field it was found in. */
  | { readonly t: "invalid"; readonly reason: string };

export function valid<T>(value: T): Parsed<T> {
  return { t: "valid", value };
}

export function invalid(reason: string): { readonly t: "invalid"; readonly reason: string } {
  return { t: "invalid", reason };
}
