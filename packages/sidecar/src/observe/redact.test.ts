import { describe, expect, it } from "vitest";
import { redact } from "./redact.ts";

const KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0uVq3bWvVYkQ0sVfUo3";

describe("a text that is passed on", () => {
  it.each([
    [
      "a PEM block",
      `bad: -----BEGIN EC PRIVATE KEY-----\n${KEY}\n-----END EC PRIVATE KEY----- here`,
      "bad: [redacted] here",
    ],
    ["half a PEM block", `bad: -----BEGIN PRIVATE KEY-----\nMIGH`, "bad: [redacted]"],
    ["a service account token", "sent eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln-_ to it", "sent [redacted] to it"],
    ["a header", "Authorization: Bearer abcdef.0123456789abcdef", "Authorization: Bearer [redacted]"],
    [
      "a kubeconfig's line",
      "at line 19:\n    client-key-data: LS0tLS1CRUdJTi\n    ^",
      "at line 19:\n    client-key-data: [redacted]\n    ^",
    ],
    ["a kubeconfig as JSON", '{"token":"abcdef.0123456789abcdef","x":1}', '{"token":"[redacted]","x":1}'],
    ["base64 of a key", `found ${KEY}==`, "found [redacted]"],
  ])("loses %s", (_name, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    "vcluster-kube-vip-0_7f4c1c0e-4a6e-4b1f-9c0e-0d6a8f1b2c3d_0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "cannot read /var/lib/vcluster/data/pki/admin.conf: token: expired",
    'expected a port with or without an address, as in :2112, but ":x" has none',
    "10.100.0.100/32 on net1, fd00:1234:5678:9abc:def0:1234:5678:9abc, 02:00:00:00:00:07",
  ])("stays as it is: %s", (text) => {
    expect(redact(text)).toBe(text);
  });
});
