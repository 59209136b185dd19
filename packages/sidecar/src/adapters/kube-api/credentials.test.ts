import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SidecarError } from "../../sidecar-error.ts";
import { type CertificateAuthority, createCertificateAuthority } from "../../testing/lease-api/certificates.ts";
import { type Credentials, CredentialsFile } from "./credentials.ts";

let folder: string;
let authority: CertificateAuthority;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  authority = await createCertificateAuthority();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a kubeconfig with this user comes to. */
async function read(user: string, cluster = "certificate-authority: ca.crt"): Promise<Credentials | SidecarError> {
  const path = join(folder, "admin.conf");
  writeFileSync(join(folder, "ca.crt"), authority.certificate);
  writeFileSync(
    path,
    `current-context: this
contexts: [{name: other, context: {cluster: none, user: none}}, {name: this, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", ${cluster}}}]
users: [{name: u, user: {${user}}}]
`,
  );
  return new CredentialsFile(path).current();
}

async function check(user: string, expected: object, cluster?: string): Promise<void> {
  expect(await read(user, cluster)).toMatchObject(expected);
}

test("the current context decides, and file names are relative to the kubeconfig", () =>
  check("token: abc", {
    server: "https://127.0.0.1:6443",
    headers: { Authorization: "Bearer abc" },
    verifyServer: true,
  }));

test("a token file's newline is no part of the token", () => {
  writeFileSync(join(folder, "token"), "abc\n");
  return check(`token-file: ${join(folder, "token")}`, { headers: { Authorization: "Bearer abc" } });
});

test("an exec plugin is asked for its token", () =>
  check(`exec: {command: echo, args: ['{"status": {"token": "abc"}}']}`, { headers: { Authorization: "Bearer abc" } }));

test("a user and password become a basic authorization", () =>
  check("username: a, password: b", { headers: { Authorization: "Basic YTpi" } }));

test("insecure-skip-tls-verify and tls-server-name are obeyed", () =>
  check(
    "token: abc",
    { verifyServer: false, tlsServerName: "kubernetes" },
    "insecure-skip-tls-verify: true, tls-server-name: kubernetes",
  ));

test("a file cut anywhere while it is written is never taken for a whole one", async () => {
  const { certificate, key } = await authority.client("admin");
  const data = (pem: string): string => Buffer.from(pem).toString("base64");
  const whole = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${data(authority.certificate)}
    server: https://127.0.0.1:6443
  name: kubernetes
contexts:
- context: {cluster: kubernetes, user: admin}
  name: admin@kubernetes
current-context: admin@kubernetes
kind: Config
users:
- name: admin
  user:
    client-certificate-data: ${data(certificate)}
    client-key-data: ${data(key)}
`;
  const path = join(folder, "admin.conf");
  const readUpTo = async (length: number): Promise<Credentials | SidecarError> => {
    writeFileSync(path, whole.slice(0, length));
    return new CredentialsFile(path).current();
  };
  expect(await readUpTo(whole.length)).toMatchObject({ verifyServer: true });
  // The last line's newline, and the base64 of the key's own, are the only bytes that nothing hangs on.
  for (let length = 0; length < whole.length - 4; length += 1)
    expect(await readUpTo(length), `cut after ${length} bytes`).toMatchObject({ code: "KUBECONFIG_INVALID" });
  // 2,300 files, each read whole: 6 to 11 s were seen on two busy cores.
}, 60_000);

test("a certificate that is only named in the kubeconfig is read again when it changes", async () => {
  const path = join(folder, "admin.conf");
  const write = async (): Promise<void> => {
    const { certificate, key } = await authority.client("admin");
    for (const [name, pem] of Object.entries({ "ca.crt": authority.certificate, "a.crt": certificate, "a.key": key }))
      writeFileSync(join(folder, name), pem);
  };
  const content = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443", "certificate-authority": "ca.crt" } }],
    users: [{ name: "u", user: { "client-certificate": "a.crt", "client-key": "a.key" } }],
  };
  writeFileSync(path, JSON.stringify(content));
  const file = new CredentialsFile(path);
  expect(await file.current()).toMatchObject({ code: "KUBECONFIG_AUTH_FAILED" });
  await write();
  const first = await file.current();
  expect(await file.current()).toBe(first);
  await write();
  const second = (await file.current()) as Credentials;
  expect(second.digest).not.toBe((first as Credentials).digest);
  rmSync(join(folder, "a.key"));
  expect(await file.current()).toBe(second);
  expect(file.problem).toMatchObject({ code: "KUBECONFIG_AUTH_FAILED" });
});

test("a proxy on plain http adds the credentials itself", async () => {
  const path = join(folder, "admin.conf");
  const content = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:8001" } }],
    users: [{ name: "u", user: {} }],
  };
  writeFileSync(path, JSON.stringify(content));
  expect(await new CredentialsFile(path).current()).toMatchObject({ server: "http://127.0.0.1:8001", headers: {} });
});

test("what cannot be used has a code and tells no secret", async () => {
  for (const [user, cluster, code] of [
    [`exec: {command: sh, args: ["-c", "echo s3cret >&2; exit 1"]}`, "", "KUBECONFIG_AUTH_FAILED"],
    ["client-certificate: missing.crt, client-key: missing.key", "", "KUBECONFIG_AUTH_FAILED"],
    ["client-key-data: czNjcmV0, client-certificate-data: czNjcmV0", "", "KUBECONFIG_INVALID"],
    ['token: "s3cret\\nX-Other: 1"', "", "KUBECONFIG_INVALID"],
    ["token: s3cret", "proxy-url: http://127.0.0.1:3128", "KUBECONFIG_INVALID"],
  ] as const) {
    const problem = await read(user, cluster);
    expect(problem).toBeInstanceOf(SidecarError);
    expect(problem).toMatchObject({ code });
    expect(String(problem)).not.toContain("s3cret");
  }
});
