/**
 * The picture on a terminal, redrawn in place: each frame is one write, between the marks of a synchronized update, and
 * clears only what is left of a line, so nothing flickers. Scrolls nothing away: the last picture stays.
 */
import type { WriteStream } from "node:tty";
import { type Piece, pictureLines, type Style } from "./picture.ts";
import type { Scene } from "./scene.ts";
import type { Screen } from "./screen.ts";

const HIDE_CURSOR = "\u001b[?25l";
export const SHOW_CURSOR = "\u001b[?25h";
/** Terminals that do not know them ignore them. */
const BEGIN_UPDATE = "\u001b[?2026h";
const END_UPDATE = "\u001b[?2026l";
const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const RESET = "\u001b[0m";
const COLOURS: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "\u001b[1m",
  dim: "\u001b[2m",
  good: "\u001b[32m",
  bad: "\u001b[31m",
  busy: "\u001b[33m",
};

export class LiveScreen implements Screen {
  readonly #terminal: WriteStream;
  readonly #paint: (piece: Piece) => string;
  #height = 0;
  #hidden = false;

  /** NO_COLOR (https://no-color.org) with any content: no colours, the picture stays. */
  constructor(terminal: WriteStream, env: NodeJS.ProcessEnv) {
    this.#terminal = terminal;
    const coloured = (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
    this.#paint = coloured ? painted : ({ text }) => text;
  }

  say(line: string): void {
    this.#terminal.write(`${line}\n`);
    // What is said stays; the next picture is drawn beneath it.
    this.#height = 0;
  }

  show(scene: Scene): void {
    const [columns, rows] = this.#terminal.getWindowSize();
    // Too narrow, lines would wrap, and the way back up would be wrong: the tail of each is then left to the terminal.
    const wrap = columns < 80 ? ["\u001b[?7l", "\u001b[?7h"] : ["", ""];
    const lines = pictureLines(scene, rows, this.#paint).slice(0, Math.max(1, rows - 1));
    const up = this.#height === 0 ? "" : `\u001b[${this.#height}A`;
    const hide = this.#hidden ? "" : HIDE_CURSOR;
    const text = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join("");
    this.#terminal.write(`${BEGIN_UPDATE}${hide}${wrap[0]}${up}\r${text}${CLEAR_BELOW}${wrap[1]}${END_UPDATE}`);
    this.#height = lines.length;
    this.#hidden = true;
  }

  close(): void {
    if (this.#hidden) this.#terminal.write(SHOW_CURSOR);
    this.#hidden = false;
  }
}

function painted({ text, style }: Piece): string {
  const colour = COLOURS[style];
  return colour === "" ? text : `${colour}${text}${RESET}`;
}
