/** What a setting is said to be, and where. */
import type { Origin } from "../config/problem.ts";

export interface Said {
  readonly text: string;
  readonly origin: Origin;
}
