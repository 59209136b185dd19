/** The API servers: whether they answer, with which certificates, and what time it is there. */
import { SidecarError } from "../../sidecar-error.ts";
import { check, notLookedAt } from "../check.ts";
import { type Fault, fault, ok, unknown, type Verdict } from "../finding.ts";
import type { ApiServerLook, CredentialsLook, Looks } from "../looks.ts";

interface ServersFacts {
  readonly servers: readonly ApiServerLook[];
}

async function serversFacts(looks: Looks) {
  const servers = await looks.apiServers();
  return servers.length === 0 ? notLookedAt("there are no credentials to ask with") : { servers };
}

/** Our own is asked first by the sidecar, and is what the VIP leads to here. A peer's is a second way. */
export const api = check<Looks, ServersFacts>({
  name: "api",
  look: serversFacts,
  judge: ({ servers }) => {
    const faults = servers.flatMap(({ name, own, lease }): readonly Fault[] => {
      if (lease.t !== "failed") return [];
      const whose = own ? "own API server" : "a peer's API server";
      return [
        {
          t: own ? "error" : "warning",
          code: lease.code,
          sentence: `${whose}, ${name}: ${lease.message}`,
          cure: undefined,
        },
      ];
    });
    const answering = servers.filter(({ lease }) => lease.t !== "failed").map(({ name }) => name);
    return answering.length === 0
      ? faults
      : [ok(`${answering.join(", ")} ${answering.length === 1 ? "answers" : "answer"}`), ...faults];
  },
});

const DAY_MS = 86_400_000;
/** vCluster renews 90 days before the end; this late, it did not. */
const SOON_MS = 14 * DAY_MS;

export interface CertificatesFacts extends ServersFacts {
  readonly credentials: CredentialsLook | SidecarError;
}

export const certificates = check<Looks, CertificatesFacts>({
  name: "certificates",
  look: async (looks) => {
    const [credentials, servers] = await Promise.all([looks.credentials(), looks.apiServers()]);
    return { credentials, servers };
  },
  judge: ({ credentials, servers }) => {
    if (credentials instanceof SidecarError) return [said(credentials)];
    const ofServers = servers.map(({ name, certificateEndsInMs }) => lifeOf(`that of ${name}`, certificateEndsInMs));
    return [clientLife(credentials), ...ofServers.filter((verdict) => verdict !== undefined)];
  },
});

function clientLife({ expired, endsInMs }: CredentialsLook): Verdict {
  if (expired !== undefined) return said(expired);
  return lifeOf("the kubeconfig's", endsInMs) ?? ok("the kubeconfig has no certificate, but a token or the like");
}

/** One that has ended is refused before it is seen here: the API check says so. */
function lifeOf(whose: string, endsInMs: number | undefined): Verdict | undefined {
  if (endsInMs === undefined) return undefined;
  const days = Math.floor(endsInMs / DAY_MS);
  const left = `${whose} ends in ${days} ${days === 1 ? "day" : "days"}`;
  return endsInMs < SOON_MS ? fault("CERTIFICATE_ENDS_SOON", left) : ok(left);
}

function said({ code, message }: SidecarError): Fault {
  return { t: "error", code, sentence: message.slice(`${code}: `.length), cure: undefined };
}

/** HTTP's Date has whole seconds. */
const APART_MS = 2_000;

export const clock = check<Looks, ServersFacts>({
  name: "clock",
  look: serversFacts,
  judge: ({ servers }) => {
    const told = servers.filter(({ clock }) => clock !== undefined);
    if (told.length === 0) return [unknown("no API server told its time")];
    const faults = told.flatMap(({ name, clock }) => {
      if (clock === undefined || Math.abs(clock.offsetMs) - clock.offByMs <= APART_MS) return [];
      const apart = `${(Math.abs(clock.offsetMs) / 1000).toFixed(0)} s ${clock.offsetMs > 0 ? "ahead of" : "behind"} ours`;
      return [fault("CLOCK_DIFFERS", `the clock of ${name} is ${apart}`)];
    });
    const names = told.map(({ name }) => name).join(", ");
    return faults.length > 0 ? faults : [ok(`ours and that of ${names} agree within ${APART_MS / 1000} s`)];
  },
});
