/** What an API server, or the network before it, may do to a request instead of answering it properly. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Fault =
  /** Applied and answered, late. */
  | { readonly t: "delay"; readonly delayMs: number }
  /** Not applied; an answer of the tester's choice. */
  | {
      readonly t: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Bytes that are no HTTP. */
  | { readonly t: "garbage"; readonly applied?: boolean }
  /** 200, and a body without end. */
  | { readonly t: "endless"; readonly applied?: boolean }
  /** Nothing, for ever. */
  | { readonly t: "silent"; readonly applied?: boolean }
  /** The connection is reset. */
  | { readonly t: "reset"; readonly applied?: boolean }
  /** Applied; the answer breaks off half-way. */
  | { readonly t: "half" };

/** What a fault is chosen by. */
export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "other";
}

/** Whether the request takes effect all the same. */
export function isApplied(fault: Fault): boolean {
  return fault.t === "delay" || fault.t === "half" || (fault.t !== "answer" && fault.applied === true);
}

/** Puts `fault` on the wire in the place of the proper answer, of which only "delay" and "half" tell. */
export function commit(
  fault: Fault,
  response: ServerResponse,
  connection: Socket,
  answer: { readonly status: number; readonly text: string },
): void {
  switch (fault.t) {
    case "delay": {
      const timer = setTimeout(
        () => response.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.text),
        fault.delayMs,
      );
      response.once("close", () => clearTimeout(timer));
      return;
    }
    case "answer":
      response.writeHead(fault.status, { "Content-Type": "application/json", ...fault.headers }).end(fault.body ?? "");
      return;
    case "garbage":
      response.socket?.end("\u0000\u0001 this is not HTTP\r\n\r\n");
      return;
    case "endless":
      response.writeHead(200, { "Content-Type": "application/json" });
      writeWithoutEnd(response);
      return;
    case "silent":
      return;
    case "reset":
      connection.resetAndDestroy();
      return;
    case "half":
      response.writeHead(answer.status, { "Content-Type": "application/json", "Content-Length": answer.text.length });
      response.write(answer.text.slice(0, answer.text.length / 2), () => connection.destroy());
  }
}

function writeWithoutEnd(response: ServerResponse): void {
  const chunk = " ".repeat(65_536);
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", write);
  write();
}
