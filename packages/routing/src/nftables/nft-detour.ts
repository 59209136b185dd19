/** The detour in nf_tables, over a connection of its own. What is written is said in detour.ts. */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { openNetlinkSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import type { Detour, DetourTarget } from "../detour.ts";
import type { Family } from "../model.ts";
import { text } from "../netlink/attribute.ts";
import { encodeDatagram, type NetlinkPart } from "../netlink/datagram.ts";
import { NetlinkConnection, type TransactionAnswer } from "../netlink/netlink-connection.ts";
import { RoutingError } from "../routing-error.ts";
import { canonicalIpAddress } from "../values/ip-address.ts";
import { encodeComment } from "./comment.ts";
import { DETOUR_FAMILY, encodeDetour, encodeExtension } from "./detour.ts";
import { encodeRemoval, OF_TABLE, TABLE_USER_DATA } from "./gate-table.ts";
import { attributesOf, encodeBatch, encodeNft, NFT_MSG } from "./message.ts";
import { equalBytes } from "./node.ts";
import { gateRefusal } from "./outcome.ts";

const NETLINK_NETFILTER = 12;
const { ENOENT } = constants.errno;
const MARK = "vcluster-kube-vip detour";
const ADVICE =
  "A replica whose own API server is gone refuses connections until the VIP has moved. Load nft_nat and nf_conntrack on the host (CONFIG_NFT_NAT).";

export interface NftDetourOptions {
  readonly family: Family;
  /** The routing protocol number by which all that is ours is known; in the table's name. */
  readonly protocol: number;
}

/** Connects at its first use. Needs NET_ADMIN. Does not keep the process alive. */
export class NftDetour implements Detour {
  #connection: NetlinkConnection | undefined;
  readonly #family: Family;
  readonly #name: string;
  /** No other's table is in the way. */
  #isClaimed = false;
  #opened: { readonly target: DetourTarget; readonly toPort: number } | undefined;

  constructor({ family, protocol }: NftDetourOptions) {
    this.#family = family;
    this.#name = `vcluster-kube-vip-${protocol}-detour`;
  }

  async prepare(): Promise<void> {
    this.#isClaimed = false;
    await this.#tryOut();
    await this.#claim();
  }

  async open(target: DetourTarget, toPort: number, timeoutMs: number): Promise<void> {
    const what = `open a detour for ${target.vip}:${target.port}`;
    if (!this.#isClaimed) await this.#claim();
    if (this.#isOpen(target, toPort)) {
      const { errno } = await this.#transaction(what, encodeExtension(this.#name, target, timeoutMs));
      if (errno === 0) return;
      // Another hand has taken it away, or the kernel has too much to do: from the beginning.
    }
    this.#opened = undefined;
    const answer = await this.#transaction(what, encodeDetour(this.#name, MARK, target, toPort, timeoutMs));
    if (answer.errno !== 0) throw unsupported(what, answer);
    this.#opened = { target, toPort };
  }

  async close(): Promise<void> {
    this.#opened = undefined;
    const what = "close the detour";
    const answer = await this.#transaction(what, encodeRemoval(DETOUR_FAMILY, this.#name));
    if (answer.errno !== 0 && answer.errno !== ENOENT) throw gateRefusal(answer, what);
  }

  end(): void {
    this.#connection?.close();
  }

  /** All that a detour consists of, for an address that nobody has, and at the end a verb that has to fail. */
  async #tryOut(): Promise<void> {
    const vip = canonicalIpAddress(this.#family === 4 ? "0.0.0.0" : "::");
    const name = `${this.#name}-trial`;
    const absent = encodeNft(NFT_MSG.deleteTable, 0, DETOUR_FAMILY, [[OF_TABLE, text(`${name}-absent`)]]);
    const parts = encodeBatch([...encodeDetour(name, MARK, { vip, port: 1, linkIndex: 1 }, 2, 1000), absent]);
    const answer = await this.#connected.transaction("try a detour", encodeDatagram(parts));
    if (parts[answer.index]?.type !== absent.type) throw unsupported("try a detour", answer);
  }

  /** What an earlier life left goes; what another made of that name stays, and is never used. */
  async #claim(): Promise<void> {
    const what = "look for a detour";
    const request = encodeNft(NFT_MSG.getTable, 0, DETOUR_FAMILY, [[OF_TABLE, text(this.#name)]]);
    const { errno, kernelText, messages } = await this.#connected.verb({ ...request, what });
    const [table] = messages;
    if (errno !== ENOENT && table === undefined) throw unsupported(what, { errno, kernelText });
    const mark = table === undefined ? undefined : attributesOf(table).get(TABLE_USER_DATA);
    const isOurs = mark !== undefined && equalBytes(mark, encodeComment(MARK));
    if (table !== undefined && !isOurs) {
      const sentence = `cannot use the table inet ${this.#name}: it was not made by this program. Remove it, or choose another protocol number.`;
      throw new RoutingError("DETOUR_UNSUPPORTED", sentence);
    }
    if (isOurs) await this.close();
    this.#isClaimed = true;
  }

  get #connected(): NetlinkConnection {
    this.#connection ??= connect();
    return this.#connection;
  }

  #isOpen({ vip, port, linkIndex }: DetourTarget, toPort: number): boolean {
    const there = this.#opened;
    if (there?.toPort !== toPort) return false;
    return there.target.vip === vip && there.target.port === port && there.target.linkIndex === linkIndex;
  }

  #transaction(what: string, verbs: readonly NetlinkPart[]): Promise<TransactionAnswer> {
    return this.#connected.transaction(what, encodeDatagram(encodeBatch(verbs)));
  }
}

function unsupported(what: string, { errno, kernelText }: Pick<TransactionAnswer, "errno" | "kernelText">) {
  const words = kernelText === undefined ? "" : ` (${kernelText})`;
  const sentence = `cannot ${what}: ${getSystemErrorName(-errno)}${words}. ${ADVICE}`;
  return new RoutingError("DETOUR_UNSUPPORTED", sentence, { errno });
}

function connect(): NetlinkConnection {
  try {
    return new NetlinkConnection((receiver) => openNetlinkSocket({ protocol: NETLINK_NETFILTER, ...receiver }));
  } catch (error) {
    if (!(error instanceof RawSocketError)) throw error;
    throw new RoutingError("DETOUR_UNSUPPORTED", `cannot use nf_tables: ${error.message}. ${ADVICE}`, { cause: error });
  }
}
