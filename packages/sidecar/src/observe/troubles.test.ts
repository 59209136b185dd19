import { expect, it } from "vitest";
import { Troubles } from "./troubles.ts";

it("keeps the last error of each place until it works again", () => {
  const troubles = new Troubles();
  const error = (where: "api" | "wire", code: string) => ({ t: "trouble", where, code, message: code }) as const;
  troubles.record(error("api", "A"), "1");
  troubles.record(error("wire", "B"), "2");
  troubles.record(error("api", "C"), "3");
  expect(troubles.list.map(({ code, time }) => [code, time])).toEqual([
    ["C", "3"],
    ["B", "2"],
  ]);
  troubles.record({ t: "recovered", where: "api" }, "4");
  expect(troubles.list.map(({ code }) => code)).toEqual(["B"]);
});
