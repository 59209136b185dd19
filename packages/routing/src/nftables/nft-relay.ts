/** The relay in nf_tables, over the connection of the gate in whose table it stands. What it is: relay.ts. */
import { getSystemErrorName } from "node:util";
import type { GateOutcome, GateTarget, Relay } from "../gate.ts";
import { encodeDatagram } from "../netlink/datagram.ts";
import type { NetlinkConnection } from "../netlink/netlink-connection.ts";
import { RoutingError } from "../routing-error.ts";
import type { MacAddress } from "../values/mac-address.ts";
import { encodeBatch } from "./message.ts";
import { gateOutcome } from "./outcome.ts";
import { encodeRelay, prepareArming } from "./relay.ts";

const ADVICE =
  "Planned moves go without it, and may reset connections that are being made. Load nft_fwd_netdev on the host (CONFIG_NFT_FWD_NETDEV).";

export class NftRelay implements Relay {
  readonly #connection: NetlinkConnection;
  readonly #tableName: string;
  #prepared: { readonly target: GateTarget; readonly encodeArming: ReturnType<typeof prepareArming> } | undefined;

  constructor(connection: NetlinkConnection, tableName: string) {
    this.#connection = connection;
    this.#tableName = tableName;
  }

  async prepare(target: GateTarget): Promise<void> {
    const what = `prepare the relay for ${target.vip} on ${target.linkName}`;
    this.#prepared = undefined;
    const batch = encodeBatch(encodeRelay(this.#tableName, target));
    const { errno, kernelText } = await this.#connection.transaction(what, encodeDatagram(batch));
    if (errno !== 0) {
      const words = kernelText === undefined ? "" : ` (${kernelText})`;
      const sentence = `cannot ${what}: ${getSystemErrorName(-errno)}${words}. ${ADVICE}`;
      throw new RoutingError("RELAY_UNSUPPORTED", sentence, { errno });
    }
    this.#prepared = { target, encodeArming: prepareArming(this.#tableName, target) };
  }

  async arm(target: GateTarget, giver: MacAddress): Promise<GateOutcome> {
    const prepared = this.#prepared;
    if (prepared?.target.vip !== target.vip || prepared.target.linkIndex !== target.linkIndex) return "missing";
    const what = `relay connections of ${target.vip} to ${giver}`;
    return gateOutcome(await this.#connection.transaction(what, prepared.encodeArming(giver)), what);
  }
}
