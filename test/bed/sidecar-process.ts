/**
 * The sidecar as a process in a pod: uid 0 with NET_ADMIN and NET_RAW in its bounding set and nothing else, its
 * settings as files and environment, its log lines collected. What the lines mean is the test's matter; the image's own
 * container is container.ts's.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MALLOC_ENVIRONMENT, PROGRAM, V8_FLAGS } from "../../packages/sidecar/build.ts";
import { ARGUMENTS, POD_FIELDS, type PodField } from "../../packages/sidecar/src/overlay/container.ts";
import { SIDECAR_CAPABILITIES } from "./namespace.ts";
import type { Pod } from "./pod.ts";
import type { BedProcess, Exit } from "./process.ts";
import { HOST_NAMESPACE, RELEASE } from "./release.ts";
import { monotonicMs, waitFor } from "./wait.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The page's configuration as the overlay leaves it. */
export const PAGE_FILE = join(ROOT, "test/fixtures/config/page.yaml");

export interface SidecarOptions {
  /** The pod's admin.conf. */
  readonly kubeconfig: string;
  /** The mounted vcluster.yaml. Default: the page's configuration as the overlay leaves it. */
  readonly configFile?: string;
  /** Added to what the overlay's container has; undefined values take a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly string[];
  /** The bundled file to run. Default: the one that is shipped. */
  readonly program?: string;
  /** Default: a process of the Node that runs the tests. */
  readonly launch?: Launch;
}

/** How the sidecar comes to run in its pod; what it prints on standard output goes to `onLine`. */
export type Launch = (pod: Pod, options: SidecarOptions, onLine: (line: string) => void) => BedProcess;

let built: string | undefined;

/** What is tried is what is shipped: the one bundled file, built at the first use on the sandbox's own tmpfs (0.5 s). */
export function shippedProgram(): string {
  if (built === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "sidecar-"));
    execFileSync(process.execPath, [join(ROOT, "packages/sidecar/build.ts"), folder], { timeout: 60_000 });
    built = join(folder, PROGRAM);
  }
  return built;
}

/** One line of the sidecar's log. */
export interface SidecarLine {
  /** Monotonic ms at which the line arrived here. */
  readonly atMs: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class SidecarProcess {
  readonly pod: Pod;
  readonly process: BedProcess;
  readonly lines: SidecarLine[] = [];
  /** What came on standard output and was no JSON: a mistake of the sidecar. */
  readonly strayLines: string[] = [];

  private constructor(pod: Pod, options: SidecarOptions) {
    this.pod = pod;
    const { launch = asProcess } = options;
    this.process = launch(pod, options, (line) => this.#take(line));
  }

  static start(pod: Pod, options: SidecarOptions): SidecarProcess {
    return new SidecarProcess(pod, options);
  }

  /**
   * The first line with this event (and fields, where `matches` is given) that arrived at or after `sinceMs`; default
   * any. The error shows the end of the log.
   */
  waitForEvent(
    event: string,
    options: {
      readonly withinMs: number;
      readonly sinceMs?: number;
      readonly matches?: (line: SidecarLine) => boolean;
    },
  ): Promise<SidecarLine> {
    const { withinMs, sinceMs = 0, matches = () => true } = options;
    return waitFor(
      `${this.pod.name}: the sidecar logs "${event}"`,
      () => this.lines.find((line) => line.atMs >= sinceMs && line.event === event && matches(line)),
      { withinMs, everyMs: 5, diagnose: () => this.tail() },
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.process.signal(signal);
  }

  /** SIGTERM, as the kubelet ends it; SIGKILL after its 15 s of grace. */
  stop(): Promise<Exit> {
    return this.process.stop("SIGTERM", 15_000);
  }

  close(): Promise<void> {
    return this.process.close();
  }

  tail(count = 20): string {
    const lines = this.lines.slice(-count).map(({ fields }) => JSON.stringify(fields));
    return [this.process.tail(count), ...this.strayLines.slice(-count), ...lines].join("\n");
  }

  #take(text: string): void {
    const fields = parseObject(text);
    if (fields === undefined) this.strayLines.push(text);
    else this.lines.push({ atMs: monotonicMs(), event: String(fields["event"]), fields });
  }
}

const asProcess: Launch = (pod, options, onLine) =>
  pod.namespace.spawn(
    [process.execPath, ...V8_FLAGS, options.program ?? shippedProgram(), ...ARGUMENTS, ...(options.flags ?? [])],
    {
      name: `${pod.name}-sidecar`,
      capabilities: SIDECAR_CAPABILITIES,
      env: environment(pod, options),
      onLine,
    },
  );

/** What the overlay's container is told, and nothing of the test's own environment. */
export function environment(pod: Pod, options: SidecarOptions): NodeJS.ProcessEnv {
  const variables: Record<string, string | undefined> = {
    PATH: process.env["PATH"],
    // The image's own.
    ...MALLOC_ENVIRONMENT,
    ...downwardApi(pod),
    // In the place of its two mounts.
    VCLUSTER_KUBE_VIP_CONFIG_FILE: options.configFile ?? PAGE_FILE,
    VCLUSTER_KUBE_VIP_KUBECONFIG: options.kubeconfig,
    ...options.env,
  };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function downwardApi(pod: Pod): Record<string, string> {
  const fields: Readonly<Record<PodField, string>> = {
    "metadata.name": pod.name,
    "metadata.uid": pod.uid,
    "metadata.namespace": HOST_NAMESPACE,
    "status.podIP": pod.address,
    "metadata.labels['release']": RELEASE,
    "metadata.annotations['k8s.v1.cni.cncf.io/network-status']": networkStatus(pod),
  };
  return Object.fromEntries(Object.entries(POD_FIELDS).map(([variable, field]) => [variable, fields[field]]));
}

/** As Multus writes it once the plugins are done. */
function networkStatus({ address, attachment }: Pod): string {
  const podNetwork = { name: "cbr0", interface: "eth0", ips: [address], default: true };
  const attached = { name: "vcluster-platform/private-vcluster", interface: "net1", mac: attachment?.mac };
  return JSON.stringify(attachment === undefined ? [podNetwork] : [podNetwork, attached]);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Kept as a stray line.
    return undefined;
  }
}
