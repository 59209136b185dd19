/** What `status` asks, and of whom: in a pod the replicas' own pages, from elsewhere the API. Changes nothing. */
import { microTime } from "../adapters/clock.ts";
import { eventsAbout, eventsAboutPath } from "../adapters/kube-api/event-object.ts";
import { jsonOf, readResult } from "../adapters/kube-api/lease-answers.ts";
import { peerAddresses } from "../adapters/kube-api/peer-addresses.ts";
import { type UserAccess, UserApi } from "../adapters/kube-api/user-api.ts";
import { gatherSettings } from "../adapters/settings.ts";
import { askReplica, askSidecar } from "../adapters/sidecar-page.ts";
import { loadConfig, loadLease } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { type Asked, type Overview, overviewOfLease, overviewOfReplicas } from "./overview.ts";

type Flags = Readonly<Record<string, string>>;

export type StatusLook =
  /** `whole`: whoever should have answered did. */
  | { readonly t: "looked"; readonly overview: Overview; readonly whole: boolean }
  | { readonly t: "failed"; readonly sentence: string };

/** The page beside us, and those of the other replicas that can be found. */
export async function lookAtReplicas(flags: Flags): Promise<StatusLook> {
  const result = loadConfig(gatherSettings(flags));
  const voice = result.t === "valid" ? result.config : result.voice;
  const [own, peers] = await Promise.all([
    askSidecar(voice),
    result.t === "valid"
      ? peerAddresses(result.config)
      : ({ t: "failed", reason: "the configuration has errors" } as const),
  ]);
  const others = peers.t === "found" ? peers.addresses : [];
  const answers = await Promise.all(others.map((address) => askReplica(address, voice.http.port)));
  const asked: readonly Asked[] = [{ own: true, answer: own }, ...answers.map((answer) => ({ own: false, answer }))];
  if (asked.every(({ answer }) => answer.t === "silent")) return { t: "failed", sentence: silence(own) };
  const unknown = peers.t === "found" ? [] : [`who the other replicas are: ${peers.reason}`];
  return { t: "looked", overview: overviewOfReplicas(asked, unknown, now()), whole: own.t === "answered" };
}

function silence(own: Asked["answer"]): string {
  const why = own.t === "silent" ? ` (${own.reason})` : "";
  return `nobody answers at ${own.where}${why}: no sidecar runs here; see the container's log, or vcluster-kube-vip doctor. From outside of the pods give --kubeconfig, with the virtual cluster's`;
}

/** The Lease and its Events, with a person's own kubeconfig for the virtual cluster. */
export async function lookAtLease(flags: Flags, access: UserAccess): Promise<StatusLook> {
  const { lease, problems } = loadLease(gatherSettings(flags));
  const [wrong] = problems.filter(({ severity }) => severity === "error");
  if (wrong !== undefined) return { t: "failed", sentence: formatProblem(wrong) };
  let api: UserApi;
  try {
    api = await UserApi.open(access);
  } catch (error) {
    return { t: "failed", sentence: error instanceof Error ? error.message : String(error) };
  }
  try {
    return await readLease(api, lease);
  } finally {
    api.close();
  }
}

async function readLease(
  api: UserApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<StatusLook> {
  const [inNamespace, named] = [namespace, name].map(encodeURIComponent);
  const [leaseAnswer, eventsAnswer] = await Promise.all([
    api.get(`/apis/coordination.k8s.io/v1/namespaces/${inNamespace}/leases/${named}`),
    api.get(eventsAboutPath(namespace, name)),
  ]);
  const read = readResult({ answers: [leaseAnswer], unanswered: 0 });
  if (read.t === "failed") return { t: "failed", sentence: api.problemOf(leaseAnswer) ?? read.reason };
  const hasEvents = eventsAnswer.t === "answered" && eventsAnswer.status === 200;
  const events = hasEvents ? eventsAbout(jsonOf(eventsAnswer.body), name) : undefined;
  const why = eventsAnswer.t === "answered" ? `status ${eventsAnswer.status}` : eventsAnswer.code;
  const unknown = events === undefined ? [`its Events, which the API did not give (${why})`] : [];
  const found = { name: `${namespace}/${name}`, lease: read.t === "found" ? read.lease : ("missing" as const) };
  return { t: "looked", overview: overviewOfLease(found, events, unknown, now()), whole: true };
}

function now(): string {
  return microTime(Date.now());
}
