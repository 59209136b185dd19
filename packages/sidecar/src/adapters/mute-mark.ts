/**
 * The text by which a link that was muted says so itself, in its alias, where `ip link` shows it: whose doing it is, and
 * what arp_ignore was. It outlives the process, so that the next life can put back what it never saw. Pure.
 */

/** What is to be put back, and the alias that the link had from others. */
export interface MuteMark {
  readonly lease: string;
  readonly arpIgnore: number;
  readonly alias: string | undefined;
}

const MARK = /^(?:(.*) )?\[vcluster-kube-vip (\S+) answers ARP here; arp_ignore was (\d{1,9})\]$/s;

export function writeMark({ lease, arpIgnore, alias }: MuteMark): string {
  const mark = `[vcluster-kube-vip ${lease} answers ARP here; arp_ignore was ${arpIgnore}]`;
  return alias === undefined ? mark : `${alias} ${mark}`;
}

/** undefined: the alias is none of ours, or there is none. */
export function readMark(text: string | undefined): MuteMark | undefined {
  const [, alias, lease, arpIgnore] = MARK.exec(text ?? "") ?? [];
  if (lease === undefined) return undefined;
  return { lease, arpIgnore: Number(arpIgnore), alias };
}
