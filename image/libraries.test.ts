import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { librariesOf } from "./libraries.ts";
import { platformOf } from "./platform.ts";

test("a program's libraries are those that ldd finds by loading it", () => {
  const names = librariesOf([process.execPath], platformOf(process.arch)).map(({ path }) => path.split("/").at(-1));
  const loaded = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).matchAll(
    /([\w+.-]+\.so[\d.]*) (?:=>|\()/g,
  );
  // Of a line "libm.so.6 => /lib/libm.so.6 (0x…)" both ends match.
  const expected = new Set([...loaded].map(([, name = ""]) => name).filter((name) => !name.startsWith("linux-vdso")));
  expect(names.toSorted()).toEqual([...expected].toSorted());
});

test("the interpreter is where the program wants it", () => {
  const libraries = librariesOf([process.execPath], platformOf(process.arch));
  expect(libraries.filter(({ path }) => /^lib(64)?\/ld-linux/.test(path))).toHaveLength(1);
});
