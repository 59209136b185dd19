import { expect, test } from "vitest";
import type { KernelEvent } from "../model.ts";
import { IPV4_ADDRESS, LINK, LOCAL_ROUTE, NO_LONGER_A_PORT, RULE, SUBNET_ROUTE } from "./captured.ts";
import { decodeEvent, EVENT_GROUPS } from "./event.ts";

test.each<[number, string, KernelEvent["t"] | undefined]>([
  [16, LINK, "link"],
  [17, LINK, "link-removed"],
  [17, NO_LONGER_A_PORT, undefined],
  [20, IPV4_ADDRESS, "address"],
  [21, IPV4_ADDRESS, "address-removed"],
  [24, SUBNET_ROUTE, "route-changed"],
  [25, SUBNET_ROUTE, "route-removed"],
  [24, LOCAL_ROUTE, undefined],
  [32, RULE, "rule-changed"],
  [33, RULE, "rule-removed"],
  [28, RULE, undefined],
])("message %i becomes its event", (type, captured, expected) => {
  const payload = Buffer.from(captured, "hex");
  expect(decodeEvent({ type, flags: 0, sequence: 0, portId: 0, payload })?.t).toBe(expected);
});

test("the groups are links, and addresses, routes and rules of both families", () => {
  // RTMGRP_LINK | IPV4_IFADDR | IPV4_ROUTE | IPV4_RULE | IPV6_IFADDR | IPV6_ROUTE, and 1 << (RTNLGRP_IPV6_RULE - 1)
  expect(EVENT_GROUPS).toBe(0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 0x40000);
});
