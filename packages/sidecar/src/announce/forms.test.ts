import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import { describe, expect, test } from "vitest";
import { decodeArp } from "./arp.ts";
import { announcements, type Claim, greeting, probe, question, refresh } from "./forms.ts";
import { decodeNeighbour } from "./neighbour-discovery.ts";
import { bytesOf, hex } from "./testing/frames.ts";

const ipv4: Claim = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const ipv6: Claim = { vip: ip("fd00:100::64"), mac: mac("02:00:00:00:00:03") };
const worker = mac("02:00:00:00:00:09");

function checkBytes(frame: Uint8Array, expected: string): void {
  expect(hex(frame)).toBe(hex(bytesOf(expected)));
}

describe("on IPv4", () => {
  const request = "ffffffffffff 020000000003 0806 0001 0800 06 04 0001 020000000003 0a640064 000000000000 0a640064";

  test("a takeover is announced by a request without target and by a reply to the sender itself", () => {
    const [first, second, ...more] = announcements(ipv4).map(hex);
    const reply = "ffffffffffff 020000000003 0806 0001 0800 06 04 0002 020000000003 0a640064 020000000003 0a640064";
    expect([first, second, more]).toEqual([hex(bytesOf(request)), hex(bytesOf(reply)), []]);
  });

  test("no reply ever has the broadcast address as target: receivers ignore that for a second", () => {
    const frames = [
      ...announcements(ipv4),
      refresh(ipv4),
      probe(ipv4),
      question(ipv4, { address: ip("10.100.0.9"), mac: worker }),
    ];
    const targets = frames.map(decodeArp).map((arp) => (typeof arp === "string" ? arp : arp.targetMac));
    expect(targets).not.toContain("ff:ff:ff:ff:ff:ff");
  });

  test("a refresh is the request alone", () => {
    checkBytes(refresh(ipv4), request);
  });

  test("a neighbour is asked for itself, on the VIP's behalf", () => {
    checkBytes(
      question(ipv4, { address: ip("10.100.0.9"), mac: worker }),
      "020000000009 020000000003 0806 0001 0800 06 04 0001 020000000003 0a640064 000000000000 0a640009",
    );
  });

  test("a neighbour of unknown MAC address is asked by broadcast", () => {
    checkBytes(
      question(ipv4, { address: ip("10.100.0.9"), mac: undefined }),
      "ffffffffffff 020000000003 0806 0001 0800 06 04 0001 020000000003 0a640064 000000000000 0a640009",
    );
  });

  test("a probe hides its sender's address", () => {
    checkBytes(
      probe(ipv4),
      "ffffffffffff 020000000003 0806 0001 0800 06 04 0001 020000000003 00000000 000000000000 0a640064",
    );
  });

  test("a standby's greeting claims nothing: its sender's address is hidden", () => {
    const neighbour = { address: ip("10.100.0.9"), mac: worker };
    const frame = greeting(ipv4, neighbour);
    expect(frame).toBeDefined();
    checkBytes(
      frame ?? new Uint8Array(),
      "020000000009 020000000003 0806 0001 0800 06 04 0001 020000000003 00000000 000000000000 0a640009",
    );
  });
});

describe("on IPv6", () => {
  test("a standby greets nobody: the answer would go to every node", () => {
    expect(greeting(ipv6, { address: ip("fd00:100::9"), mac: worker })).toBeUndefined();
  });

  test("a takeover is announced to all nodes by an advertisement that overrides", () => {
    expect(announcements(ipv6).map(decodeNeighbour)).toEqual([
      {
        t: "advertisement",
        to: "33:33:00:00:00:01",
        from: ipv6.mac,
        source: ipv6.vip,
        destination: "ff02::1",
        target: ipv6.vip,
        linkLayer: ipv6.mac,
        router: false,
        solicited: false,
        override: true,
      },
    ]);
    expect(refresh(ipv6)).toEqual(announcements(ipv6)[0]);
  });

  test("a neighbour of unknown MAC address is solicited at its group", () => {
    expect(decodeNeighbour(question(ipv6, { address: ip("fd00:100::ab:cdef"), mac: undefined }))).toEqual({
      t: "solicitation",
      to: "33:33:ff:ab:cd:ef",
      from: ipv6.mac,
      source: ipv6.vip,
      destination: "ff02::1:ffab:cdef",
      target: "fd00:100::ab:cdef",
      linkLayer: ipv6.mac,
    });
  });

  test("a neighbour of known MAC address is solicited directly", () => {
    expect(decodeNeighbour(question(ipv6, { address: ip("fd00:100::9"), mac: worker }))).toMatchObject({
      to: worker,
      destination: "fd00:100::9",
      target: "fd00:100::9",
    });
  });

  test("a probe has no source and hence no option (RFC 4861 4.3)", () => {
    expect(decodeNeighbour(probe(ipv6))).toEqual({
      t: "solicitation",
      to: "33:33:ff:00:00:64",
      from: ipv6.mac,
      source: "::",
      destination: "ff02::1:ff00:64",
      target: ipv6.vip,
      linkLayer: undefined,
    });
  });
});
