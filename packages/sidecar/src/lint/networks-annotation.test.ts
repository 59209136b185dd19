import { expect, test } from "vitest";
import { parseNetworks } from "./networks-annotation.ts";

/** "namespace/name@interface", with "!" behind it where it takes the default route. */
function check(text: string, expected: readonly string[]): void {
  const networks = parseNetworks(text);
  const list = networks.t === "valid" ? networks.attachments : [];
  expect(
    list.map(({ namespace = "", name, interfaceName, hasDefaultRoute }) => {
      return `${namespace}/${name}@${interfaceName}${hasDefaultRoute ? "!" : ""}`;
    }),
  ).toEqual(expected);
}

test.each([
  ["a", ["/a@net1"]],
  ["ns/a", ["ns/a@net1"]],
  ["ns/a@vip0", ["ns/a@vip0"]],
  ["a, ns/b ,c@x", ["/a@net1", "ns/b@net2", "/c@x"]],
  ['[{"name":"a"},{"name":"b","namespace":"ns","interface":"vip0"}]', ["/a@net1", "ns/b@vip0"]],
  ['[ {"name": "a", "default-route": ["10.0.0.1"], "ips": ["10.0.0.5/24"]} ]', ["/a@net1!"]],
])("%s makes these interfaces", check);

test.each([
  ["", "without a name"],
  ["ns/", "without a name"],
  ["ns/a@", "names an interface that is empty"],
  ["a,,b", "without a name"],
  ["a/b/c", "no name"],
  ["NS/a", '"NS/a", which Kubernetes'],
  ["a@abcdefghijklmnop", "16 characters"],
  ["a@net2,b", "two networks as net2"],
  ['{"name":"a"}', "no JSON list"],
  ['[{"name":"a"}', "no JSON list"],
  ["[1]", "no object"],
  ['[{"namespace":"a"}]', "without a name"],
])("%s is refused with its reason", (text, reason) => {
  expect(parseNetworks(text)).toMatchObject({
    t: "invalid",
    reason: expect.stringContaining(reason.split('"')[0] ?? ""),
  });
});
