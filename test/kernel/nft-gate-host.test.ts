/** Hosts on which there can be no nft gate: each says what is missing, and what to do. */
import { expect, test } from "vitest";
import { run } from "../bed/command.ts";
import { withoutNfTables } from "../bed/without-nf-tables.ts";

const GATE = new URL("../../packages/routing/src/nftables/nft-gate.ts", import.meta.url);

/** What opening a gate there ends in. */
async function opened(launcher: readonly string[], level = "nft-egress"): Promise<string> {
  const options = { level, family: 4, protocol: 77, lease: "kube-system/vcluster-kube-vip" };
  const source = `
    const { openNftGate } = await import(${JSON.stringify(GATE)});
    await openNftGate(${JSON.stringify(options)}).then(({ level }) => console.log(level), ({ message }) => console.log(message));
  `;
  return run([...launcher, process.execPath, "--input-type=module", "-e", source]);
}

test.each(["nft-egress", "nft-arp"])("this kernel has what %s needs, and is left as it was", async (level) => {
  expect(await opened([], level)).toBe(`${level}\n`);
  expect(await run(["nft", "list", "ruleset"])).toBe("");
});

test("without NET_ADMIN the error says what to grant", async () => {
  expect(await opened(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"])).toBe(
    "KERNEL_PERMISSION: cannot use nft-egress gates: EPERM. Grant NET_ADMIN to the container.\n",
  );
});

test("a host without nf_tables is told from one that refuses", async () => {
  expect(await opened(await withoutNfTables())).toMatch(
    /^GATE_UNSUPPORTED: cannot use nft gates: .*EPROTONOSUPPORT.*Load nf_tables on the host .*, or use a lower fence level\.\n$/,
  );
});
