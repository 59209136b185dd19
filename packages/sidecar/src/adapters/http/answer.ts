/** From a request's method and path to what is answered. Opens nothing. */
import type { Pages } from "../../observe/pages.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD; content-length is that of GET. */
  readonly body: string;
}

/** @throws What the page throws. */
export function answer(method: string, target: string, pages: Pages): Answer {
  if (method !== "GET" && method !== "HEAD") {
    return sentence(405, `${method} is not served: use GET or HEAD`, { allow: "GET, HEAD" });
  }
  const [path = ""] = target.split("?", 1);
  const page = Object.hasOwn(pages, path) ? pages[path]?.() : undefined;
  if (page === undefined) return sentence(404, `no such page: there are ${Object.keys(pages).join(", ")}`);
  const whole = build(page.status, page.contentType, page.body);
  return method === "HEAD" ? { ...whole, body: "" } : whole;
}

export function sentence(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const plain = build(status, "text/plain; charset=utf-8", `${text}\n`);
  return { ...plain, headers: { ...plain.headers, ...headers } };
}

function build(status: number, contentType: string, body: string): Answer {
  const headers = {
    "content-type": contentType,
    "content-length": String(new TextEncoder().encode(body).length),
    "cache-control": "no-store",
    // A scraper comes every 15 s or so: a connection kept open for it costs more than it saves.
    connection: "close",
  };
  return { status, headers, body };
}
