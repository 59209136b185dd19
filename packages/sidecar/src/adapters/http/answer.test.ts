import { describe, expect, it } from "vitest";
import type { Pages } from "../../observe/pages.ts";
import { answer } from "./answer.ts";

const PAGES: Pages = {
  "/healthz": () => ({ status: 200, contentType: "text/plain", body: "ok\n" }),
  "/readyz": () => ({ status: 503, contentType: "text/plain", body: "größer\n" }),
};

function check(
  method: string,
  target: string,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
) {
  const { headers: found, ...rest } = answer(method, target, PAGES);
  expect(rest).toEqual({ status, body });
  expect(found).toMatchObject({ connection: "close", "cache-control": "no-store", ...headers });
}

describe("a request", () => {
  it("gets the page of its path, whatever the query says", () => {
    check("GET", "/healthz", 200, "ok\n", { "content-type": "text/plain", "content-length": "3" });
    check("GET", "/healthz?verbose=1", 200, "ok\n", {});
  });

  it("is told the length in bytes, not characters", () => {
    check("GET", "/readyz", 503, "größer\n", { "content-length": "9" });
  });

  it("by HEAD gets the same head and no body", () => {
    check("HEAD", "/readyz", 503, "", { "content-length": "9" });
  });

  it("with another method is refused in a sentence", () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", ""]) {
      check(method, "/healthz", 405, `${method} is not served: use GET or HEAD\n`, { allow: "GET, HEAD" });
    }
  });

  it("for anything else is told what there is", () => {
    for (const target of ["/", "", "/healthz/", "//healthz", "http://x/healthz", "/constructor", "__proto__"]) {
      check("GET", target, 404, "no such page: there are /healthz, /readyz\n", {});
    }
  });
});
