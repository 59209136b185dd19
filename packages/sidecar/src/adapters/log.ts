/**
 * The log: one JSON line each on stdout, by pino. Knows no Happening (observe/log-line.ts).
 *
 * Written off the event loop and bounded: a container runtime that stops reading stdout must not freeze a holder. What
 * does not fit in the buffer is dropped and counted in the next line.
 */
import { destination, pino, stdTimeFunctions } from "pino";
import type { LogLevel, LogLine } from "../observe/log-line.ts";

/** About 3,000 lines; asynchronous writing costs 0.2 MB of memory more than synchronous. */
const BUFFER_MAX_BYTES = 1024 * 1024;
const STDOUT = 1;
/** For what is still buffered at the end. */
const CLOSE_MAX_MS = 1_000;

export interface LogOptions {
  readonly level: LogLevel;
  readonly identity: string;
  /** Default stdout. */
  readonly fd?: number;
}

export interface Log {
  readonly write: (line: LogLine) => void;
  /** Writes out what is buffered; waits for the reader, at most 1 s. Nothing may be written after. */
  readonly close: () => Promise<void>;
}

export function openLog({ level, identity, fd = STDOUT }: LogOptions): Log {
  const stream = destination({ fd, sync: false, maxLength: BUFFER_MAX_BYTES });
  let dropped = 0;
  stream.on("drop", () => {
    dropped += 1;
  });
  stream.on("error", () => {
    // A full disk behind stdout, say: the lines stay in the buffer and are tried again with the next one.
  });
  const logger = pino(
    {
      level,
      base: { identity },
      messageKey: "message",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const write = (line: LogLine) => {
    const missing = dropped;
    dropped = 0;
    logger[line.level](missing === 0 ? line.fields : { ...line.fields, droppedLines: missing }, line.message);
    // The line that should have told of the missing ones may be dropped itself, or be below the level.
    if (dropped > 0 || !logger.isLevelEnabled(line.level)) dropped += missing;
  };
  return { write, close: () => close(stream) };
}

/** Not flushSync: that one waits for a reader who stopped reading, or tries a broken stdout again, for ever. */
async function close(stream: ReturnType<typeof destination>): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MAX_MS);
    stream.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    stream.end();
  });
  stream.destroy();
}
