/** The bodies of answers other than a Lease: metav1.Status, as kube-apiserver words it. */

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A failed request. `reason` is metav1.StatusReason. */
export function failure(status: number, reason: string, message: string, name?: string): ApiAnswer {
  const details = name === undefined ? {} : { details: { name, group: "coordination.k8s.io", kind: "leases" } };
  return {
    status,
    body: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...details,
      code: status,
    },
  };
}

export function notFound(name: string): ApiAnswer {
  return failure(404, "NotFound", `leases.coordination.k8s.io "${name}" not found`, name);
}

export function alreadyExists(name: string): ApiAnswer {
  return failure(409, "AlreadyExists", `leases.coordination.k8s.io "${name}" already exists`, name);
}

export function conflict(name: string): ApiAnswer {
  const message = `Operation cannot be fulfilled on leases.coordination.k8s.io "${name}": the object has been modified; please apply your changes to the latest version and try again`;
  return failure(409, "Conflict", message, name);
}

/** The version asked for is compacted. */
export function expired(): ApiAnswer {
  return failure(410, "Expired", "The resourceVersion for the provided list is too old.");
}

export function deleted(name: string, uid: string): ApiAnswer {
  const details = { name, group: "coordination.k8s.io", kind: "leases", uid };
  return { status: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}
