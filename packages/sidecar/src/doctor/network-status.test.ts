import fc from "fast-check";
import { expect, test } from "vitest";
import { readNetworkStatus } from "./network-status.ts";

// As Multus 4 writes it, indented by four.
const WRITTEN = `[{
    "name": "cbr0",
    "interface": "eth0",
    "ips": ["10.244.0.11"],
    "mac": "8e:1d:52:6f:b4:02",
    "default": true,
    "dns": {}
},{
    "name": "vcluster-platform/private-vcluster",
    "interface": "net1",
    "mac": "ba:1b:c1:40:53:fe",
    "dns": {}
}]`;

test("the pod network and the attachments are told apart", () => {
  expect(readNetworkStatus(WRITTEN)).toEqual([
    { network: "cbr0", interfaceName: "eth0", isDefault: true },
    { network: "vcluster-platform/private-vcluster", interfaceName: "net1", isDefault: false },
  ]);
});

test.each(["", "{}", "[1, null, {}]", '[{"interface": 1}]', "[{"])("%j names no attachment", (text) => {
  expect(readNetworkStatus(text)).toEqual([]);
});

test("whatever is in the annotation is read without a throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => Array.isArray(readNetworkStatus(text))));
});
