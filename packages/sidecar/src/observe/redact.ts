/**
 * Takes what looks like a credential out of a text. Nothing secret is put into a Happening on purpose; this is for the
 * sentences of others that we pass on (a YAML parser quotes the line of admin.conf that it could not read).
 */

const REDACTED = "[redacted]";

const SECRETS: readonly RegExp[] = [
  // RFC 7468; a half-written file has no END line.
  /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g,
  // RFC 7519: service account tokens.
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g,
  /(?<=\bbearer\s+)[\w.~+/=-]{12,}/gi,
  // A kubeconfig's keys; 12: "token: expired" is a sentence.
  /(?<=\b(?:client-key-data|client-certificate-data|id-token|refresh-token|token|password)["']?\s*[:=]\s*["']?)[^\s"',}]{12,}/gi,
  // Keys and certificates in base64; identities and UIDs have other characters in between.
  /[A-Za-z0-9+/]{64,}={0,2}/g,
];

export function redact(text: string): string {
  return SECRETS.reduce((rest, secret) => rest.replace(secret, REDACTED), text);
}
