/**
 * The kinds of settings that name something on the network. The strict reading of addresses is the routing package's;
 * here it gets its code and its cure.
 */
import {
  broadcastAddress,
  familyOf,
  type InterfaceAddress,
  type InterfaceName,
  type IpAddress,
  ipAddressBytes,
  networkAddress,
  parseInterfaceAddress,
  parseInterfaceName,
  parseIpAddress,
  prefixLength,
} from "@vcluster-kube-vip/routing";
import { dnsName, integer, type Kind } from "./kinds.ts";
import { fault, type Reading, valid } from "./problem.ts";

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

export const port: Kind<number> = { ...integer({ min: 1, max: 65535 }), type: "port" };

/** An address that one machine can have and others can reach. */
export const vipAddress: Kind<IpAddress> = {
  type: "IP address",
  range: "unicast",
  expected: "one IP address, as in 10.100.0.100",
  read(text) {
    if (text.includes(",")) return fault("VIP_LIST", "is a list", "give one address; dual stack is not served");
    const parsed = parseIpAddress(text);
    if (parsed.t === "invalid")
      return fault(
        "VIP_NOT_AN_ADDRESS",
        parsed.reason,
        "write one address in full, as in 10.100.0.100 or fd00:100::64",
      );
    const use = reservedUse(parsed.value);
    if (use !== undefined) return fault("VIP_RESERVED", `is ${use}`, "choose a free address of the workers' network");
    return parsed;
  },
};

/** "10.100.0.100:8443", "[fd00:100::64]:8443". */
export const endpoint: Kind<Endpoint> = {
  type: "address:port",
  range: "IP address and port; IPv6 in brackets",
  expected: "an IP address and a port, as in 10.100.0.100:8443",
  read(text) {
    if (text.includes("://")) return fault("VIP_NOT_AN_ADDRESS", "is a URL", "leave out the scheme and the path");
    const parts = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? /^([^:]*)(?::([^:]*))?$/.exec(text);
    if (parts === null && text.includes(","))
      return fault("VIP_LIST", "is a list", "give one address; dual stack is not served");
    if (parts === null)
      return fault(
        "VIP_NOT_AN_ADDRESS",
        "has colons in the address",
        "put an IPv6 address in brackets, [fd00::64]:8443",
      );
    if (!parts[1]) return fault("VIP_NOT_AN_ADDRESS", "has no address", "write it before the port");
    const address = vipAddress.read(parts[1]);
    if (address.t === "invalid") return address;
    if (parts[2] === undefined || parts[2] === "")
      return fault("ENDPOINT_WITHOUT_PORT", "has no port", "append the control plane's port, :8443 in a vCluster");
    const number = port.read(parts[2]);
    if (number.t === "invalid")
      return fault(number.code, `has the port "${parts[2]}", which ${number.reason}`, number.cure);
    return valid({ address: address.value, port: number.value });
  },
};

export const interfaceName: Kind<InterfaceName> = {
  type: "interface",
  range: "1 to 15 bytes",
  expected: "the name of a network interface, as in net1",
  read(text) {
    const parsed = parseInterfaceName(text);
    if (parsed.t === "valid") return parsed;
    return fault("INTERFACE_NAME_INVALID", parsed.reason, "use the name that `ip link` prints in the pod");
  },
};

/** "10.100.0.1/24": the gateway's own address with the length of its subnet. */
export const gateway: Kind<InterfaceAddress> = {
  type: "address/length",
  range: "the gateway's own address and its subnet's length",
  expected: "the gateway's address with its subnet's length, as in 10.100.0.1/24",
  read(text) {
    if (!text.includes("/"))
      return fault("GATEWAY_WITHOUT_PREFIX", "has no prefix length", "append the subnet's length, as in /24");
    const parsed = parseInterfaceAddress(text);
    if (parsed.t === "invalid") return fault("GATEWAY_INVALID", parsed.reason, "write it as in 10.100.0.1/24");
    const { address, subnet } = parsed.value;
    const use = reservedUse(address);
    if (use !== undefined) return fault("GATEWAY_INVALID", `is ${use}`, "give the router's own address");
    // /31 and /127 have no network address of their own (RFC 3021, RFC 6164).
    if (address === networkAddress(subnet) && prefixLength(subnet) < (familyOf(address) === 4 ? 31 : 127))
      return fault(
        "GATEWAY_INVALID",
        "is the subnet itself",
        "give the router's own address in it, as in 10.100.0.1/24",
      );
    if (address === broadcastAddress(subnet))
      return fault("GATEWAY_INVALID", "is the subnet's broadcast address", "give the router's own address");
    return parsed;
  },
};

/** What an address is for when it cannot be a machine's; undefined if it can. */
function reservedUse(address: IpAddress): string | undefined {
  const bytes = ipAddressBytes(address);
  const [first = 0, second = 0] = bytes;
  if (bytes.every((byte) => byte === 0)) return "the unspecified address";
  if (familyOf(address) === 6) {
    if (address === "::1") return "a loopback address";
    if (first === 0xff) return "a multicast address";
    return first === 0xfe && (second & 0xc0) === 0x80 ? "a link-local address" : undefined;
  }
  if (first === 0) return 'an address of "this network"';
  if (first === 127) return "a loopback address";
  if (first === 169 && second === 254) return "a link-local address";
  if (first >= 240) return bytes.every((byte) => byte === 255) ? "the broadcast address" : "a reserved address";
  return first >= 224 ? "a multicast address" : undefined;
}

export const ipAddress: Kind<IpAddress> = {
  type: "IP address",
  range: "any",
  expected: "an IP address",
  read(text) {
    const parsed = parseIpAddress(text);
    return parsed.t === "valid" ? parsed : fault("ADDRESS_INVALID", parsed.reason, "write one address in full");
  },
};

/** Addresses to listen on: comma-separated, or a YAML list. */
export const ipAddresses: Kind<readonly IpAddress[]> = {
  type: "IP addresses",
  range: "1 to 8, never the VIP, never all addresses",
  expected: "IP addresses with commas between them",
  read(text) {
    const addresses: IpAddress[] = [];
    for (const part of text.split(",", 9)) {
      const address = ipAddress.read(part.trim());
      if (address.t === "invalid") return address;
      addresses.push(address.value);
    }
    if (addresses.length > 8) return fault("ADDRESS_INVALID", "has more than 8 addresses", "name fewer");
    if (addresses.some((address) => address === "0.0.0.0" || address === "::"))
      return fault("HTTP_ON_VIP", "means every address, the VIP too", "name the addresses to listen on");
    return valid(addresses);
  },
};

export interface ListenAddress {
  readonly address: IpAddress | undefined;
  readonly port: number;
}

/** Go's listen address: ":2112", "127.0.0.1:2112". */
export const listenAddress: Kind<ListenAddress> = {
  type: "[address]:port",
  range: "1 to 65535",
  expected: "a port with or without an address, as in :2112",
  read(text) {
    const parts = /^\[([^\]]*)\]:(.*)$/.exec(text) ?? /^([^:]*):([^:]*)$/.exec(text);
    if (parts === null) return fault("LISTEN_ADDRESS_INVALID", "has no port after one colon", "write it as in :2112");
    const number = port.read(parts[2] ?? "");
    if (number.t === "invalid") return number;
    const host = parts[1] ?? "";
    // Every address would be the VIP too; what Go calls "all" is loopback and the pod's address here.
    if (host === "" || host === "0.0.0.0" || host === "::") return valid({ address: undefined, port: number.value });
    const address = ipAddress.read(host);
    return address.t === "invalid" ? address : valid({ address: address.value, port: number.value });
  },
};

/** A DNS name or an address, without a port. */
export const host: Kind<string> = {
  type: "host",
  range: "DNS name or IP address",
  expected: "a host name or an IP address",
  read(text) {
    const parsed = parseIpAddress(text);
    if (parsed.t === "valid") return parsed;
    const named = dnsName({ max: 253 }).read(text);
    return named.t === "valid" ? named : fault("HOST_INVALID", named.reason, named.cure);
  },
};

/** "https://127.0.0.1:6443"; kube-vip's kubernetes_addr has no scheme. */
export const server: Kind<string> = {
  type: "URL",
  range: "https, or host:port",
  expected: "the API server's address, as in https://127.0.0.1:6443",
  read(text) {
    const scheme = /^([a-z]+):\/\//.exec(text);
    if (scheme !== null && scheme[1] !== "https")
      return fault("SERVER_INVALID", "is not https", "credentials are only sent over TLS: write https://");
    const rest = text.replace(/^https:\/\//, "").replace(/\/$/, "");
    const parts = /^\[([^\]]*)\](?::(.*))?$/.exec(rest) ?? /^([^:]*)(?::([^:]*))?$/.exec(rest);
    if (parts === null) return fault("SERVER_INVALID", "is no host and port", "write it as in https://127.0.0.1:6443");
    const name = readHost(parts[1] ?? "", rest.startsWith("["));
    if (name.t === "invalid") return name;
    const number = port.read(parts[2] ?? "443");
    if (number.t === "invalid") return fault("SERVER_INVALID", `has a port that ${number.reason}`, number.cure);
    return valid(`https://${name.value}:${number.value}`);
  },
};

function readHost(text: string, bracketed: boolean): Reading<string> {
  const named = host.read(text);
  if (named.t === "invalid") return fault("SERVER_INVALID", `has a host that ${named.reason}`, named.cure);
  return bracketed ? valid(`[${named.value}]`) : named;
}
