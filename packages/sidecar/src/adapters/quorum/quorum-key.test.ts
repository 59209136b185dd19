import { createHmac, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { Hmac } from "../../quorum/packet.ts";
import { SidecarError } from "../../sidecar-error.ts";
import { hmacSha256, QuorumKey } from "./quorum-key.ts";

const folder = mkdtempSync(join(tmpdir(), "quorum-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
const otherPem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

let files = 0;
function fileWith(text: string | Buffer): string {
  files += 1;
  const path = join(folder, `${files}.key`);
  writeFileSync(path, text);
  return path;
}

function tag(key: Hmac | SidecarError): string {
  if (key instanceof SidecarError) throw key;
  return Buffer.from(key(new Uint8Array(5))).toString("hex");
}

test("two replicas with the same key have the same tags, whatever their files' line ends, and others have others", () => {
  const own = tag(new QuorumKey(fileWith(pem)).current());
  expect(tag(new QuorumKey(fileWith(`${String(pem).replaceAll("\n", "\r\n")}\n`)).current())).toBe(own);
  expect(tag(new QuorumKey(fileWith(otherPem)).current())).not.toBe(own);
});

test("a key is what RFC 5869 and RFC 2104 make of it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 1_200 }), (key, bytes) => {
      expect(hmacSha256(key)(bytes)).toEqual(createHmac("sha256", key).update(bytes).digest());
    }),
  );
});

test("a file that is overwritten is read again, and one that goes bad leaves the last good key in use", () => {
  const path = fileWith(pem);
  const key = new QuorumKey(path);
  const before = tag(key.current());
  writeFileSync(path, "half of a");
  expect(tag(key.current())).toBe(before);
  rmSync(path);
  expect(tag(key.current())).toBe(before);
  writeFileSync(path, otherPem);
  expect(tag(key.current())).toBe(tag(new QuorumKey(fileWith(otherPem)).current()));
});

test.each([
  ["is missing", join(folder, "nowhere.key"), "QUORUM_KEY_MISSING", "ENOENT"],
  ["is a folder", folder, "QUORUM_KEY_INVALID", "EISDIR"],
  ["is no key", fileWith("secret words"), "QUORUM_KEY_INVALID", "ERR_OSSL"],
  ["is too large", fileWith(Buffer.alloc(65_537)), "QUORUM_KEY_INVALID", "too large"],
])("a file that %s is an error with its code, and with nothing of what is in it", (_, path, code, reason) => {
  const error = new QuorumKey(path).current();
  if (!(error instanceof SidecarError)) throw new TypeError("it was read");
  expect(error.code).toBe(code);
  expect(error.message).toContain(reason);
  expect(error.message).not.toContain("secret");
});
