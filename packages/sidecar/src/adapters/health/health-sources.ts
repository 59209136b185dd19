/** The sources of health as a process has them: own API server, own Pod, peers' pages. Each judges nothing. */
import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import type { HealthNews, HealthSources } from "../../health/sources.ts";
import type { SidecarError } from "../../sidecar-error.ts";
import { OwnPodWatch } from "../host-api/own-pod.ts";
import type { HostEnvironment } from "../host-api/service-account.ts";
import type { CredentialsFile } from "../kube-api/credentials.ts";
import type { Lookup } from "../kube-api/peers.ts";
import { OwnServerWatch, ownServer } from "./own-server-watch.ts";
import { PeerStatuses } from "./peer-statuses.ts";

export interface LiveHealthSourcesOptions {
  readonly config: Config;
  /** podName_podUID_bootNonce */
  readonly identity: string;
  readonly clock: Clock;
  /** Of the API: whose file they are, reads it. */
  readonly credentials: CredentialsFile;
  /** Where the peers are found. */
  readonly lookup: Lookup;
  readonly environment: HostEnvironment;
  /** In [0, 1). */
  readonly random: () => number;
  /** What is wrong with the host cluster's API, when that changes; undefined: nothing any more. */
  readonly onHostProblem: (problem: SidecarError | undefined) => void;
}

/** Owns connections and timers until close(). */
export class LiveHealthSources implements HealthSources {
  readonly peers: PeerStatuses;
  readonly #o: LiveHealthSourcesOptions;
  #server: OwnServerWatch | undefined;
  #pod: OwnPodWatch | undefined;

  constructor(options: LiveHealthSourcesOptions) {
    this.#o = options;
    const { clock, config, identity, lookup } = options;
    const { ownAddress } = config.kubeApi;
    this.peers = new PeerStatuses({ clock, lookup, ownAddress, ownIdentity: identity, port: config.http.port });
  }

  start({ onProbe, onPod }: HealthNews): void {
    const { clock, config, credentials, environment, random, onHostProblem } = this.#o;
    this.#server = new OwnServerWatch({ ...ownServer(config), credentials, clock, onProbe });
    this.#server.start();
    const { podName } = config.identity;
    this.#pod = new OwnPodWatch({ podName, environment, onPod, onProblem: onHostProblem, random });
    this.#pod.start();
  }

  close(): void {
    this.#server?.close();
    this.#pod?.close();
    this.peers.close();
  }
}
