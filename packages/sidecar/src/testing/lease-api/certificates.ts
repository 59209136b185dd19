/** A certificate authority for tests and the demo: server and client certificates, and the kubeconfig made of them. */
// @peculiar/x509's injection needs it, before it is loaded.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** For a listener; the names in all of vCluster's certificates, and `names` (DNS names or addresses). */
  server(names?: readonly string[]): Promise<KeyPair>;
  /** For a client, as kubeadm's super-admin: O = system:masters. */
  client(commonName: string, notAfter?: Date): Promise<KeyPair>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const SERVER_NAMES = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1"];
const DAY_MS = 86_400_000;

/** A CA of its own each time: two of them are "another CA" to each other. */
export async function createCertificateAuthority(commonName = "kubernetes"): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    ...validity(new Date(Date.now() + 365 * DAY_MS)),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
    ],
  });

  async function issue(subject: string, notAfter: Date, extensions: readonly Extension[]): Promise<KeyPair> {
    const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      ...validity(notAfter),
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [...extensions],
    });
    const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", own.privateKey), "PRIVATE KEY");
    return { certificate: certificate.toString("pem"), key };
  }

  return {
    certificate: ca.toString("pem"),
    server: (names = []) => {
      const alternatives = [...SERVER_NAMES, ...names].map(
        (value) => ({ type: isAddress(value) ? "ip" : "dns", value }) as const,
      );
      return issue("CN=kube-apiserver", new Date(Date.now() + 30 * DAY_MS), [
        new SubjectAlternativeNameExtension(alternatives),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      ]);
    },
    client: (name, notAfter = new Date(Date.now() + 30 * DAY_MS)) =>
      issue(`O=system:masters, CN=${name}`, notAfter, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]),
  };
}

/** admin.conf as kubeadm writes it. */
export function kubeconfig(server: string, authority: CertificateAuthority, admin: KeyPair): string {
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  return `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    certificate-authority-data: ${base64(authority.certificate)}
    server: ${server}
users:
- name: kubernetes-super-admin
  user:
    client-certificate-data: ${base64(admin.certificate)}
    client-key-data: ${base64(admin.key)}
contexts:
- name: kubernetes-super-admin@kubernetes
  context:
    cluster: kubernetes
    user: kubernetes-super-admin
current-context: kubernetes-super-admin@kubernetes
preferences: {}
`;
}

/** Begins early enough for clocks that differ, and for a certificate that has already ended. */
function validity(notAfter: Date): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS), notAfter };
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^[\d.]+$/.test(name);
}
