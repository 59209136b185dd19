/** What a kubeconfig that comes late, breaks or belongs to another cluster does to the lock; with the embedded API server. */
import { truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createCertificateAuthority } from "../../testing/lease-api/certificates.ts";
import { Bed, draft } from "./kube-lease-lock.bed.ts";

const TIMEOUT_MS = 2000;

let bed: Bed;
beforeEach(async () => {
  bed = await Bed.make();
});
afterEach(() => bed.end());

const codes = (): readonly (string | undefined)[] => bed.problems.map((problem) => problem?.code);

test("one that comes late is found", async () => {
  const { url } = await bed.serve();
  const lock = bed.lock();
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused" });
  await bed.admit(url);
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
  expect(codes()).toEqual(["KUBECONFIG_MISSING", undefined]);
});

test("one half written is told without its secrets, and read again when it is whole", async () => {
  const { url } = await bed.serve();
  const text = await bed.admit(url);
  const key = /client-key-data: (.*)/.exec(text)?.[1] ?? "";
  const lock = bed.lock();
  for (const length of [0, 40, text.indexOf("client-key-data") + 60, text.indexOf("contexts:") + 12]) {
    writeFileSync(bed.kubeconfigPath, text.slice(0, length));
    expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused" });
  }
  writeFileSync(bed.kubeconfigPath, text);
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
  expect(new Set(codes())).toEqual(new Set(["KUBECONFIG_INVALID", undefined]));
  expect(bed.problems.map(String).join(" ")).not.toContain(key.slice(0, 20));
});

test("one with a certificate that cannot be read is told, not tried", async () => {
  const { url } = await bed.serve();
  const text = await bed.admit(url);
  for (const field of ["certificate-authority-data", "client-certificate-data", "client-key-data"]) {
    writeFileSync(bed.kubeconfigPath, text.replace(new RegExp(`${field}: .*`), `${field}: Z2FyYmFnZQ==`));
    expect(await bed.lock().write(draft("a"), TIMEOUT_MS)).toMatchObject({
      t: "refused",
      reason: expect.stringContaining("KUBECONFIG_INVALID"),
    });
  }
});

test("one that vanishes or breaks later does not lose the connection", async () => {
  const { url } = await bed.serve();
  await bed.admit(url);
  const lock = bed.lock();
  await bed.held(lock);
  truncateSync(bed.kubeconfigPath, 100);
  expect(await lock.read(TIMEOUT_MS)).toMatchObject({ t: "found" });
  unlinkSync(bed.kubeconfigPath);
  expect(await lock.read(TIMEOUT_MS)).toMatchObject({ t: "found" });
  expect(codes()).toEqual(["KUBECONFIG_INVALID", "KUBECONFIG_MISSING"]);
});

test("one of another CA is told, and replaced as soon as the winner's is there", async () => {
  const { url } = await bed.serve();
  await bed.admit(url, await createCertificateAuthority());
  const lock = bed.lock();
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused", status: undefined });
  await bed.admit(url);
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
  expect(codes()).toEqual(["API_CERTIFICATE_REJECTED", undefined]);
});

test("one whose client certificate has expired is told with its date", async () => {
  const { url } = await bed.serve();
  await bed.admit(url, bed.authority, new Date("2026-01-01T00:00:00Z"));
  expect(await bed.lock().write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused", status: 401 });
  expect(bed.problems.map(String).join(" ")).toContain("ended at 2026-01-01T00:00:00.000Z");
  expect(codes()).toEqual(["KUBECONFIG_CERTIFICATE_EXPIRED"]);
});

test("new credentials in it are used at once, by new connections", async () => {
  const { url, api } = await bed.serve();
  await bed.admit(url);
  const lock = bed.lock();
  await bed.held(lock);
  await bed.admit(url);
  expect(await lock.read(TIMEOUT_MS)).toMatchObject({ t: "found" });
  expect(api.connectionsTotal).toBe(2);
});
