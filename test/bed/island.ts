/**
 * A second bridge, with a sampler of its own, for a segment in two parts: machines are moved to it by their ports, and
 * no frame gets from one part to the other. Carriers stay up, as when a trunk between two switches fails.
 */
import { BedError } from "./bed-error.ts";
import { Namespace } from "./namespace.ts";
import type { Pod } from "./pod.ts";
import type { Segment } from "./segment.ts";

const BRIDGE = "br-island";
const MAINLAND = "br-private";

export class Island {
  readonly sampler: Namespace;
  readonly #host: Namespace;

  private constructor(host: Namespace, sampler: Namespace) {
    this.#host = host;
    this.sampler = sampler;
  }

  static async create({ host }: Segment): Promise<Island> {
    const sampler = await Namespace.add("sampler-island");
    await host.ip(
      [
        `link add ${BRIDGE} type bridge`,
        `link set ${BRIDGE} up`,
        "link add seg-island type veth peer name net0 netns sampler-island",
        `link set seg-island master ${BRIDGE} up`,
      ].join("\n"),
    );
    await sampler.ip("link set net0 up");
    return new Island(host, sampler);
  }

  /** Cuts these pods (and machines of the segment) off together; the result brings back what still exists of them. */
  async strand(pods: readonly Pod[], machines: readonly ("worker" | "gateway")[] = []): Promise<() => Promise<void>> {
    const ports = [...pods.map(portOf), ...machines.map((name) => `seg-${name}`)];
    await this.#move(ports, BRIDGE);
    return async () => {
      const left = await this.#host.exec(["ip", "-oneline", "link", "show", "master", BRIDGE]);
      await this.#move(
        ports.filter((port) => left.includes(` ${port}@`)),
        MAINLAND,
      );
    };
  }

  /** Kills the sampler and deletes its namespace; the bridge goes with the host. */
  async close(): Promise<void> {
    await this.sampler.delete();
  }

  async #move(ports: readonly string[], bridge: string): Promise<void> {
    if (ports.length > 0) await this.#host.ip(ports.map((port) => `link set ${port} master ${bridge}`).join("\n"));
  }
}

/** The bridge's end of a pod's net1. */
export function portOf(pod: Pod): string {
  if (pod.attachment === undefined) throw new BedError("BED_MISUSED", `pod ${pod.name} has no net1 to cut`);
  return pod.attachment.hostLink;
}
