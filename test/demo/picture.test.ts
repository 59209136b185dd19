import { expect, test } from "vitest";
import { type Piece, pictureLines, WIDTH } from "./picture.ts";
import type { Scene } from "./scene.ts";
import { STORY } from "./story.ts";

const SCENE: Scene = {
  elapsedMs: 20_345,
  act: { event: "holder's pod killed", words: ["first line of words", "second line of words"], number: 4, of: 6 },
  actsBeganMs: [0, 7_000, 11_000, 15_000],
  replicas: [
    { name: "vcluster-0", role: "holder", mac: "02:00:00:00:00:01", answers: true },
    { name: "vcluster-1", role: "lost", mac: undefined, answers: false },
    { name: "vcluster-2", role: "standby", mac: "02:00:00:00:00:03", answers: false },
  ],
  holder: "vcluster-0",
  leaseAgeMs: 412,
  worker: seconds([100, 50, 1, 0, 0]),
  client: seconds([100, 100, 0, 0]),
  holders: [0, 1, 1, 2, 1],
  news: [
    { atMs: 15_100, who: "vcluster-1", text: "pod killed: processes, links, namespace" },
    { atMs: 19_800, who: "vcluster-0", text: "took the VIP; first frame 0.8 ms after the Lease" },
  ],
};

function seconds(lost: readonly number[]) {
  return lost.map((each) => ({ tried: 100, lost: each }));
}

const unpainted = ({ text }: Piece): string => text;
const marked = ({ text, style }: Piece): string => (style === "bad" ? `<${text}>` : text);

test("the picture shows who holds, the lease's age, who answers ARP and what was lost when", () => {
  expect(`\n${pictureLines(SCENE, 24, unpainted).join("\n")}\n`).toMatchInlineSnapshot(`
    "
     vcluster-kube-vip demo: one address, three replicas                     20.3 s
     VIP 10.100.0.100:8443 on net1; lease timing 5/3/1 s (default 15/10/2)

     Act 4 of 6: holder's pod killed
       first line of words
       second line of words

     Lease    vcluster-0      written 0.4 s ago
       vcluster-0    holder      answers ARP 02:00:00:00:00:01
       vcluster-1    lost        silent      no network interface
       vcluster-2    standby     silent      02:00:00:00:00:03

     lost     a column is a second; · none, █ all                     lost of tried
     worker   █▄▁··                                                         151/500
     client   ██··                                                          200/400
     holders  -1121
     act      1      2   3   4

      15.1 s vcluster-1  pod killed: processes, links, namespace
      19.8 s vcluster-0  took the VIP; first frame 0.8 ms after the Lease



    "
  `);
});

test("two holders in one second are shown as bad", () => {
  const lines = pictureLines(SCENE, 24, marked);
  expect(lines.find((line) => line.startsWith(" holders"))).toBe(" holders  -11<2>1");
});

test("the picture fits a terminal of 24 rows and 80 columns, whatever it has to tell", () => {
  const long = { atMs: 99_000, who: "vcluster-2", text: "x".repeat(200) };
  const full = {
    ...SCENE,
    worker: seconds(Array.from({ length: 90 }, () => 100)),
    news: Array.from({ length: 50 }, () => long),
  };
  for (const scene of [SCENE, full]) {
    const lines = pictureLines(scene, 24, unpainted);
    expect(lines).toHaveLength(23);
    for (const line of lines) expect(line.length).toBeLessThan(WIDTH);
  }
});

test("the timeline shows the newest 56 seconds and counts them all", () => {
  const scene = { ...SCENE, worker: seconds([100, ...Array.from({ length: 60 }, () => 0)]) };
  const line = pictureLines(scene, 24, unpainted).find((each) => each.startsWith(" worker"));
  expect(line).toBe(` worker   ${"·".repeat(56)}${"100/6100".padStart(13)}`);
});

test("a taller terminal gets more news, up to 12 lines", () => {
  expect(pictureLines(SCENE, 27, unpainted)).toHaveLength(26);
  expect(pictureLines(SCENE, 100, unpainted)).toHaveLength(30);
});

test("every act's words fit into the picture", () => {
  for (const { words } of STORY) {
    expect(words.length).toBeLessThanOrEqual(2);
    for (const line of words) expect(line.length).toBeLessThanOrEqual(76);
  }
});
