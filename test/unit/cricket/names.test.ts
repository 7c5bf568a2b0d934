import { describe, expect, test } from "vitest";
import { cleanName, cleanText } from "../../../src/domain/cricket/names.ts";
import { eachOnce, registerOf } from "../../../src/domain/cricket/register.ts";

describe("one name is one text", () => {
  test.each([
    ["accents apart", "S Fouche\u0301", "S Fouché"],
    ["a blank that does not break", "S\u00A0Fouché", "S Fouché"],
    ["two blanks, and one at the end", " S  Fouché ", "S Fouché"],
    ["a byte order mark and zero-width characters", "\uFEFFS\u200B Fou\u200Dché\u2060", "S Fouché"],
    ["a soft hyphen", "Smith\u00AD-Jones", "Smith-Jones"],
    ["a mark of direction", "\u200ES Fouché\u200F", "S Fouché"],
    ["a zero-width character before an accent", "S Fouche\u200B\u0301", "S Fouché"],
    ["a curly apostrophe", "O\u2019Brien", "O'Brien"],
    ["other dashes", "Smith\u2010Jones\u2011Lee\u2013Roy", "Smith-Jones-Lee-Roy"],
    ["nothing but what nobody sees", "\u200B \u00A0", ""],
  ])("%s", (_what, written, name) => {
    expect(cleanName(written)).toBe(name);
  });

  test("other texts keep their apostrophes and dashes", () => {
    expect(cleanText("Lord\u2019s\u00A0\u2013 London ")).toBe("Lord\u2019s \u2013 London");
  });

  test("letters that only look alike stay apart", () => {
    expect(cleanName("\u0410 Smith")).not.toBe(cleanName("A Smith"));
  });
});

describe("the register of a match", () => {
  test("knows a name in another spelling, and as written before that", () => {
    const idOf = registerOf([
      ["S Fouche\u0301", "1"],
      ["A Smith", "2"],
      ["A Smith ", "3"],
    ]);
    expect(["S Fouché", "A Smith", "A Smith "].map(idOf)).toEqual(["1", "2", "3"]);
  });

  test("guesses nobody: a name that is two people's has no id", () => {
    const idOf = registerOf([
      ["A Smith", "2"],
      ["A Smith", "3"],
      ["B Smith", "4"],
      ["B Smith", "4"],
    ]);
    expect(["A Smith", "A\u00A0Smith", "B Smith", "C Smith"].map(idOf)).toEqual([null, null, "4", null]);
  });

  test("a player who is listed in two spellings is one; two with ids of their own are two", () => {
    const player = (registryId: string | null): { team: string; name: string; registryId: string | null } => ({
      team: "A",
      name: "A Smith",
      registryId,
    });
    expect(eachOnce([player(null), player(null), player("1"), player("2")])).toEqual([
      player(null),
      player("1"),
      player("2"),
    ]);
  });
});
