/** The story for a pipe or a log: one line for each act and each piece of news, in order, without escape sequences. */
import { seconds } from "./picture.ts";
import type { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

export class PlainScreen implements Screen {
  readonly #write: (text: string) => void;
  #actsTold = 0;
  #newsTold = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(line: string): void {
    this.#write(`${line}\n`);
  }

  show({ act, actsBeganMs, news }: Scene): void {
    if (act.number > this.#actsTold) {
      this.#actsTold = act.number;
      const beganMs = actsBeganMs.at(-1) ?? 0;
      this.say(`${seconds(beganMs).padStart(8)}  == act ${act.number} of ${act.of}: ${act.event}`);
      for (const words of act.words) this.say(`${" ".repeat(8)}     ${words}`);
    }
    for (const { atMs, who, text } of news.slice(this.#newsTold))
      this.say(`${seconds(atMs).padStart(8)}  ${who}: ${text}`);
    this.#newsTold = news.length;
  }

  close(): void {
    // Nothing was changed.
  }
}
