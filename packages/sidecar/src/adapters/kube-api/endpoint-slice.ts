/**
 * The API servers of a bare control plane, by themselves: each writes its address into the EndpointSlice `kubernetes` in
 * `default` and takes out whoever has been silent for 15 s (kube-apiserver's lease endpoint reconciler). Pure.
 */
import { parseIpAddress } from "@vcluster-kube-vip/routing";
import type { Answer, ApiRequest } from "./exchange.ts";
import type { Judgement } from "./hedge.ts";
import { jsonOf, judgeFailure } from "./lease-answers.ts";
import { fieldOf } from "./lease-object.ts";

/** Version 0 is answered from the API server's memory: also while etcd has no quorum. */
export const SLICE_REQUEST: ApiRequest = {
  verb: "peers",
  method: "GET",
  path: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes?resourceVersion=0",
};

/** Of a slice; Kubernetes' own limit. */
const ENDPOINTS_MAX = 1_000;

/** What an answer means for the request's other copies. */
export function judgeSlice(answer: Answer): Judgement {
  return sliceAddresses(answer) === undefined ? judgeFailure(answer) : "settles";
}

/** Undefined: the answer is no slice. Anything in it that is no address is left out. */
export function sliceAddresses(answer: Answer): readonly string[] | undefined {
  if (answer.t !== "answered" || answer.status !== 200) return undefined;
  const endpoints = fieldOf(jsonOf(answer.body), "endpoints");
  if (!Array.isArray(endpoints)) return undefined;
  return endpoints.slice(0, ENDPOINTS_MAX).flatMap((endpoint: unknown) => {
    const addresses = fieldOf(endpoint, "addresses");
    // An endpoint's addresses are all of one machine; the first is meant (EndpointSlice API).
    const address = Array.isArray(addresses) ? parseIpAddress(String(addresses[0])) : undefined;
    return address?.t === "valid" ? [address.value] : [];
  });
}
