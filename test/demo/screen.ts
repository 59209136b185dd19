/** Where the story is shown: a terminal (live-screen.ts) or a pipe (plain-screen.ts). */
import type { Scene } from "./scene.ts";

export interface Screen {
  /** A line before or beside the story. */
  say(line: string): void;
  /** The moment's picture; called several times a second. */
  show(scene: Scene): void;
  /** Leaves the terminal as it was found. Calling it twice is harmless. */
  close(): void;
}
