/**
 * The key that only the replicas have, derived from one of the control plane's own: the service accounts' signing key,
 * which every API server of a control plane must share (sa.key; vCluster: beside admin.conf). The CA's key would do as
 * well, but an outside CA has none, and it is exchanged more often. The key itself goes nowhere, into no log line either.
 */
import { createPrivateKey, hash, hkdfSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Hmac } from "../../quorum/packet.ts";
import { SidecarError } from "../../sidecar-error.ts";

const FILE_BYTES_MAX = 65_536;
/** Of the key and of a SHA-256. */
const KEY_BYTES = 32;
const HASH_BLOCK_BYTES = 64;
/** RFC 5869 section 3.2: what binds the key to this one use, and to this version of it. */
const INFO = "vcluster-kube-vip quorum messages v1";

/** One key file. It is read again when it changes: at a first boot vCluster's replicas overwrite theirs with the winner's. */
export class QuorumKey {
  readonly #path: string;
  #stamp = "";
  #hmac: Hmac | undefined;
  #problem: SidecarError | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The last good one; an error only until there was one. Codes: QUORUM_KEY_MISSING, QUORUM_KEY_INVALID. */
  current(): Hmac | SidecarError {
    const stamp = this.#readStamp();
    if (stamp !== undefined && stamp !== this.#stamp) {
      this.#stamp = stamp;
      const read = this.#read();
      if (read instanceof SidecarError) this.#problem = read;
      else this.#hmac = read;
    }
    return this.#hmac ?? this.#problem ?? this.#missing("it was not read");
  }

  #readStamp(): string | undefined {
    try {
      const { mtimeNs, size, ino } = statSync(this.#path, { bigint: true });
      return `${mtimeNs} ${size} ${ino}`;
    } catch (error) {
      this.#problem = this.#missing(codeOf(error));
      return undefined;
    }
  }

  #read(): Hmac | SidecarError {
    try {
      const pem = readFileSync(this.#path);
      if (pem.length > FILE_BYTES_MAX) return this.#invalid("it is too large for a private key");
      // The key, not the file: vCluster's replicas write the same one with different line ends.
      const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
      return hmacSha256(new Uint8Array(hkdfSync("sha256", der, "", INFO, KEY_BYTES)));
    } catch (error) {
      return this.#invalid(codeOf(error));
    }
  }

  #missing(reason: string): SidecarError {
    return this.#error(
      "QUORUM_KEY_MISSING",
      `cannot read ${this.#path}: ${reason}. Mount the control plane's pki folder`,
    );
  }

  #invalid(reason: string): SidecarError {
    return this.#error(
      "QUORUM_KEY_INVALID",
      `cannot use ${this.#path} as a private key: ${reason}. Mount the right file`,
    );
  }

  #error(code: string, sentence: string): SidecarError {
    const consequence = "until then the VIP moves by the plain Lease. It is read again when it changes.";
    return new SidecarError(code, `${sentence}; ${consequence}`, { fields: { path: this.#path } });
  }
}

/**
 * RFC 2104 section 2, of two one-shot hashes: createHmac makes an object that costs four times as much (23 instead of 5 µs
 * of CPU a packet), which is what a flood in a known replica's name costs.
 */
export function hmacSha256(key: Uint8Array): Hmac {
  const innerPad = new Uint8Array(HASH_BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(HASH_BLOCK_BYTES + KEY_BYTES).fill(0x5c, 0, HASH_BLOCK_BYTES);
  for (const [index, byte] of key.subarray(0, HASH_BLOCK_BYTES).entries()) {
    innerPad[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return (bytes) => {
    const inner = new Uint8Array(HASH_BLOCK_BYTES + bytes.length);
    inner.set(innerPad);
    inner.set(bytes, HASH_BLOCK_BYTES);
    outer.set(hash("sha256", inner, "buffer"), HASH_BLOCK_BYTES);
    return hash("sha256", outer, "buffer");
  };
}

/** Never the message: OpenSSL's words are of the file. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
