/** The own Pod on a host cluster of a few lines: its deletion, its revisions, rotated tokens, and no rights. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { OwnPod } from "../../health/sources.ts";
import { createCertificateAuthority } from "../../testing/lease-api/certificates.ts";
import { OwnPodWatch } from "./own-pod.ts";

let folder: string;
let server: Server;
let watch: OwnPodWatch;
let requests: { readonly url: URL; readonly token: string | undefined }[];
let watches: ServerResponse[];
let pods: object[];
let refused: number | undefined;
let told: OwnPod[];
let problems: (string | undefined)[];

const POD = {
  metadata: {
    name: "my-vcluster-2",
    uid: "uid-1",
    labels: { "controller-revision-hash": "rev-1" },
    ownerReferences: [{ kind: "StatefulSet", name: "my-vcluster" }],
  },
};
const DELETED = { metadata: { ...POD.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" } };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "service-account-"));
  [requests, watches, pods, told, problems] = [[], [], [POD], [], []];
  refused = undefined;
  const authority = await createCertificateAuthority();
  const { certificate, key } = await authority.server();
  server = createServer({ cert: certificate, key }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  for (const [name, text] of Object.entries({ "ca.crt": authority.certificate, namespace: "team-x", token: "one\n" })) {
    writeFileSync(join(folder, name), text);
  }
  watch = new OwnPodWatch({
    podName: "my-vcluster-2",
    environment: {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
    },
    folder,
    onPod: (pod) => told.push(pod),
    onProblem: (problem) => problems.push(problem?.code),
    random: () => 0,
  });
});
afterEach(async () => {
  watch.close();
  // Waited for: what is still on its way would be counted by the next test.
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  rmSync(folder, { recursive: true });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "https://host");
  requests.push({ url, token: request.headers.authorization });
  if (refused !== undefined) return void response.writeHead(refused).end("{}");
  const isPods = url.pathname === "/api/v1/namespaces/team-x/pods";
  response.writeHead(200, { "Content-Type": "application/json" });
  if (url.searchParams.get("watch") === "1") {
    response.flushHeaders();
    if (isPods) watches.push(response);
    return;
  }
  const items = isPods ? pods : [{ status: { updateRevision: "rev-2" } }];
  response.end(JSON.stringify({ metadata: { resourceVersion: "7" }, items }));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it("asks for nothing but the own Pod and its StatefulSet, by name, and learns the revisions", async () => {
  expect(watch.start()).toBe(true);
  await until(() => told.at(-1)?.updateRevision !== undefined);
  expect(told.at(-1)).toEqual({ leaving: undefined, revision: "rev-1", updateRevision: "rev-2" });
  const asked = new Set(requests.map(({ url }) => `${url.pathname} ${url.searchParams.get("fieldSelector")}`));
  expect(asked).toEqual(
    new Set([
      "/api/v1/namespaces/team-x/pods metadata.name=my-vcluster-2",
      "/apis/apps/v1/namespaces/team-x/statefulsets metadata.name=my-vcluster",
    ]),
  );
});

it("tells the deletion as soon as the watch shows its timestamp", async () => {
  watch.start();
  await until(() => watches.length === 1);
  watches[0]?.write(`${JSON.stringify({ type: "MODIFIED", object: DELETED })}\n`);
  await until(() => told.at(-1)?.leaving !== undefined);
  expect(told.at(-1)?.leaving).toContain("2026-01-02T03:04:05Z");
});

it("finds a deletion that came while the watch was broken", async () => {
  watch.start();
  await until(() => watches.length === 1);
  pods = [DELETED];
  watches[0]?.destroy();
  await until(() => told.at(-1)?.leaving !== undefined);
});

it("takes a Pod of our name with another uid for ours deleted by force", async () => {
  watch.start();
  await until(() => watches.length === 1);
  pods = [{ metadata: { ...POD.metadata, uid: "uid-2" } }];
  watches[0]?.destroy();
  await until(() => told.at(-1)?.leaving !== undefined);
  expect(told.at(-1)).toMatchObject({ leaving: "the Pod was deleted by force", revision: "rev-1" });
});

it("does not take a name that there never was for a deletion", async () => {
  pods = [];
  watch.start();
  await until(() => watches.length === 1);
  expect(told).toEqual([]);
});

it("uses the token that is there when it asks", async () => {
  watch.start();
  await until(() => watches.length === 1);
  writeFileSync(join(folder, "token"), "two");
  watches[0]?.end();
  await until(() => requests.some(({ token }) => token === "Bearer two"));
  expect(requests[0]?.token).toBe("Bearer one");
});

it("says once that it has no rights, asks ever more seldom, and says when it has them", async () => {
  refused = 403;
  watch.start();
  await until(() => requests.length === 3);
  expect(problems).toEqual(["HOST_API_FORBIDDEN"]);
  refused = undefined;
  await until(() => problems.length === 2);
  expect(problems).toEqual(["HOST_API_FORBIDDEN", undefined]);
}, 20_000);

it("says that the token is not mounted", async () => {
  rmSync(join(folder, "token"));
  watch.start();
  await until(() => problems.length === 1);
  expect(problems).toEqual(["HOST_TOKEN_MISSING"]);
  expect(requests).toEqual([]);
});

it("has nothing to watch outside a cluster", () => {
  const outside = new OwnPodWatch({
    podName: "node-1",
    environment: {},
    onPod: () => undefined,
    onProblem: (problem) => problems.push(problem?.code),
    random: () => 0,
  });
  expect(outside.start()).toBe(false);
  expect(problems).toEqual([]);
});
