/** A stream of JSON values, one a line, as a watch delivers them. Bounds the length of a line; judges no content. */

export type Line = { readonly t: "line"; readonly text: string } | { readonly t: "too-long" } | { readonly t: "cut" };

/** Whole lines as they come; ends after "too-long", or "cut" where the stream ended within a line. */
export async function* jsonLines(stream: AsyncIterable<Uint8Array>, limitChars: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) if (text.trim() !== "") yield { t: "line", text };
    if (rest.length > limitChars) return yield { t: "too-long" };
  }
  if (rest.trim() !== "") yield { t: "cut" };
}
