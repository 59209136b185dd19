/** Requests for Leases, as the API servers count them themselves. */
import type { FieldBed } from "./field-bed.ts";

/** Of all API servers since they began. */
export async function leaseRequestsIn({ api }: FieldBed): Promise<number> {
  const pages = await Promise.all(api.replicas.map((replica) => replica.kubectl(["get", "--raw", "/metrics"])));
  return pages.reduce((total, page) => total + leaseRequestsOn(page), 0);
}

/** apiserver_request_total{…,resource="leases",…} on a page of metrics, all verbs and codes together. */
export function leaseRequestsOn(page: string): number {
  let total = 0;
  for (const [, labels = "", value] of page.matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm))
    if (labels.includes('resource="leases"')) total += Number(value);
  return total;
}
