/**
 * A port to the kernel as one process reaches it: each request takes its time, may leave late (the process was frozen),
 * is carried out though its sender died meanwhile, and is answered when the process runs. Generic over the port, so that
 * no verb can be forgotten.
 */
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";

export interface KernelWay {
  readonly process: Process;
  readonly timeline: Timeline;
  /** How long one request takes, ms. */
  readonly executionMs: (verb: string) => number;
  /** The request was asked for, with its arguments, and is about to leave. */
  readonly onRequest: (verb: string) => RequestHooks;
}

export interface RequestHooks {
  /** It has left the process. */
  readonly left: () => void;
  /** It was carried out. */
  readonly executed: () => void;
  /** The process has its answer, and is about to go on. */
  readonly answered: () => void;
}

type Verb = (...words: unknown[]) => Promise<unknown>;

/** @param own what the port has besides requests: events, the end of a connection. */
export function kernelCalls<P extends object>(port: P, way: KernelWay, own: Partial<P>): P {
  const { process, timeline, executionMs, onRequest } = way;
  const request = (verb: string, execute: Verb, words: unknown[]) => {
    const { left, executed, answered } = onRequest(verb);
    const asked = process.call((answer, fail) => {
      left();
      timeline.after(executionMs(verb), () => {
        timeline.unsettle();
        execute.apply(port, words).then(answer, fail);
        executed();
      });
    });
    return asked.finally(answered);
  };
  return new Proxy(port, {
    get(target, name) {
      if (name in own) return Reflect.get(own, name);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...words: unknown[]) => request(String(name), member as Verb, words);
    },
  });
}
