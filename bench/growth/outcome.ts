/** What some number of virtual clusters on one host cost together. Types only. */

export interface Growth {
  readonly t: "growth";
  /** Virtual clusters, of three sidecars each. */
  readonly clusters: number;
  readonly seconds: number;
  /** Of all sidecars together; the API's and the listeners' processes are not in it. */
  readonly rssMb: number;
  readonly workingSetMb: number;
  readonly cpuPercent: number;
  readonly leaseRequests: number;
  /** That keep connections warm. */
  readonly otherRequests: number;
  /** On the segment; null: no capture can be made here. */
  readonly packets: number | null;
  /** Clusters with exactly one holder at the end: all of them, or the numbers mean nothing. */
  readonly held: number;
}
