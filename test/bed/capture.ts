/** Frames of one link: caught by tcpdump into a pcap file, given back as bytes and in tcpdump's own words. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";
import type { Namespace } from "./namespace.ts";
import type { BedProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

export interface CapturedFrame {
  /** CLOCK_REALTIME in ms, as the kernel stamped it. */
  readonly wallMs: number;
  readonly bytes: Uint8Array;
}

export interface CaptureOptions {
  readonly link: string;
  /** In tcpdump's words: "arp", "tcp port 8443". */
  readonly filter: string;
}

const PCAP_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** With nanoseconds; tcpdump is asked for them. */
const PCAP_MAGIC = 0xa1b23c4d;

/** One sentence if tcpdump cannot run here: it insists on setting its groups. For `context.skip(…)`. */
export function captureObstacle(): string | undefined {
  const forbidden = readFileSync("/proc/self/setgroups", "utf8").trim() === "deny";
  return forbidden ? "tcpdump does not run in a user namespace made without root; run the tests as root." : undefined;
}

export class Capture {
  readonly file: string;
  readonly #process: BedProcess;

  private constructor(file: string, process: BedProcess) {
    this.file = file;
    this.#process = process;
  }

  /** Resolves when frames are being caught. */
  static async start(namespace: Namespace, { link, filter }: CaptureOptions): Promise<Capture> {
    const file = join(mkdtempSync(join(tmpdir(), "capture-")), `${namespace.name}-${link}.pcap`);
    // -Z root: Debian's tcpdump would become a user that may not write here. -U: what was caught is in the file at once.
    const flags = ["-Z", "root", "-U", "--immediate-mode", "--nano", "-n", "-i", link, "-w", file];
    const process = namespace.spawn(["tcpdump", ...flags, filter], { name: `${namespace.name}-tcpdump` });
    await waitFor(
      `tcpdump listens on ${link} of ${namespace.name}`,
      () => process.log().includes("listening on") || undefined,
      {
        withinMs: 5_000,
        diagnose: () => process.tail(),
      },
    );
    return new Capture(file, process);
  }

  /** What was caught so far. */
  frames(): readonly CapturedFrame[] {
    const pcap = readFileSync(this.file);
    if (pcap.length < PCAP_HEADER_BYTES) return [];
    if (pcap.readUInt32LE(0) !== PCAP_MAGIC) throw new TypeError(`${this.file} is no pcap file with nanoseconds`);
    const frames: CapturedFrame[] = [];
    for (let at = PCAP_HEADER_BYTES; at + RECORD_HEADER_BYTES <= pcap.length; ) {
      const end = at + RECORD_HEADER_BYTES + pcap.readUInt32LE(at + 8);
      if (end > pcap.length) break;
      const wallMs = pcap.readUInt32LE(at) * 1000 + pcap.readUInt32LE(at + 4) / 1e6;
      frames.push({ wallMs, bytes: Uint8Array.from(pcap.subarray(at + RECORD_HEADER_BYTES, end)) });
      at = end;
    }
    return frames;
  }

  /** tcpdump's own reading, one frame after the other: `-e` link-level headers, `-tt` seconds; add "-xx" for the bytes. */
  text(flags: readonly string[] = []): Promise<string> {
    return run(["tcpdump", "-Z", "root", "-n", "-e", "-tt", ...flags, "-r", this.file]);
  }

  async stop(): Promise<void> {
    await this.#process.stop("SIGINT");
  }

  async close(): Promise<void> {
    await this.#process.close();
  }
}
