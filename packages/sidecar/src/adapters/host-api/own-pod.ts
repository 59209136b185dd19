/**
 * Our own Pod on the host cluster: its deletionTimestamp is there before the kubelet sends SIGTERM, which is early enough
 * to move the VIP without anybody noticing. And its revision, with the one that its StatefulSet rolls out, by which a
 * successor is chosen. Without the host's API, or rights there, everything else works: it is said once, and tried again
 * ever more seldom.
 */
import type { OwnPod } from "../../health/sources.ts";
import type { SidecarError } from "../../sidecar-error.ts";
import { fieldOf, stringOf } from "../kube-api/lease-object.ts";
import { type ObjectWatchOptions, watchObject } from "./object-watch.ts";
import { type HostEnvironment, hostAccess, hostEndpoint, SERVICE_ACCOUNT_FOLDER } from "./service-account.ts";

export interface OwnPodWatchOptions {
  readonly podName: string;
  readonly environment: HostEnvironment;
  /** Default: where the kubelet mounts it. */
  readonly folder?: string;
  /** When something of it changed. */
  readonly onPod: (pod: OwnPod) => void;
  /** What is wrong, when that changes; undefined: nothing any more. */
  readonly onProblem: (problem: SidecarError | undefined) => void;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Owns its watches from start() to close(). */
export class OwnPodWatch {
  readonly #o: OwnPodWatchOptions;
  readonly #stops: (() => void)[] = [];
  #pod: OwnPod = { leaving: undefined, revision: undefined, updateRevision: undefined };
  #uid: string | undefined;
  #statefulSet: string | undefined;
  #closed = false;

  constructor(options: OwnPodWatchOptions) {
    this.#o = options;
  }

  /** False: this is no pod of a cluster, and there is nothing to watch. */
  start(): boolean {
    if (hostEndpoint(this.#o.environment) === undefined) return false;
    this.#watch({
      group: "api/v1",
      resource: "pods",
      name: this.#o.podName,
      onObject: (pod) => this.#onPod(pod),
      onProblem: (problem) => this.#o.onProblem(problem),
    });
    return true;
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  #watch(options: Omit<ObjectWatchOptions, "access" | "random">): void {
    const { environment, folder = SERVICE_ACCOUNT_FOLDER, random } = this.#o;
    const endpoint = hostEndpoint(environment);
    if (endpoint === undefined || this.#closed) return;
    this.#stops.push(watchObject({ ...options, random, access: () => hostAccess(endpoint, folder) }));
  }

  #onPod(pod: unknown): void {
    const uid = stringOf(fieldOf(pod, "metadata", "uid"));
    this.#uid ??= uid;
    // As long as we live, nobody else may have our name: another uid means that ours was deleted by force.
    const isOurs = uid !== undefined && uid === this.#uid;
    const revision = isOurs ? revisionOf(pod) : this.#pod.revision;
    this.#become({ ...this.#pod, leaving: this.#pod.leaving ?? this.#leaving(pod, isOurs), revision });
    if (isOurs) this.#followStatefulSet(pod);
  }

  #leaving(pod: unknown, isOurs: boolean): string | undefined {
    const since = stringOf(fieldOf(pod, "metadata", "deletionTimestamp"));
    if (isOurs) return since === undefined ? undefined : `the Pod is being deleted (deletionTimestamp ${since})`;
    // Never seen: a name that is not the Pod's, perhaps. Unknown is not absent.
    return this.#uid === undefined ? undefined : "the Pod was deleted by force";
  }

  #followStatefulSet(pod: unknown): void {
    const owners = fieldOf(pod, "metadata", "ownerReferences");
    const owner = (Array.isArray(owners) ? owners : []).find((one) => fieldOf(one, "kind") === "StatefulSet");
    const name = stringOf(fieldOf(owner, "name"));
    if (name === undefined || this.#statefulSet !== undefined) return;
    this.#statefulSet = name;
    this.#watch({
      group: "apis/apps/v1",
      resource: "statefulsets",
      name,
      onObject: (set) => {
        const updateRevision = stringOf(fieldOf(set, "status", "updateRevision"));
        this.#become({ ...this.#pod, updateRevision });
      },
      // A preference is lost, no more: worth no word beside the Pod's own.
      onProblem: () => undefined,
    });
  }

  #become(pod: OwnPod): void {
    const before = this.#pod;
    this.#pod = pod;
    const keys = ["leaving", "revision", "updateRevision"] as const;
    if (keys.some((key) => pod[key] !== before[key])) this.#o.onPod(pod);
  }
}

function revisionOf(pod: unknown): string | undefined {
  const label = (name: string): string | undefined => stringOf(fieldOf(pod, "metadata", "labels", name));
  return label("controller-revision-hash") ?? label("pod-template-hash");
}
