import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/cli/errors.ts";
import { choosePlays, type Folders } from "../../../src/cli/play/choose.ts";

const data = join(import.meta.dirname, "../../../data");
const folders: readonly Folders[] = (["odi", "t20i", "test"] as const).map((id) => ({ id, dirs: [join(data, id)] }));
const nothing = { intervalMs: 5000, live: [], matches: [] };

describe("which source plays which match", () => {
  it("gives every source all of its folders when nothing is chosen", async () => {
    const plays = await choosePlays(folders, nothing);
    expect(plays.map(({ id, live, matches, intervalMs }) => [id, live, matches, intervalMs])).toEqual([
      ["odi", [], [], 5000],
      ["t20i", [], [], 5000],
      ["test", [], [], 5000],
    ]);
  });

  it("gives a live match to the source that has it, and full speed to the others", async () => {
    const plays = await choosePlays(folders, { ...nothing, live: ["951373"] });
    expect(plays.map(({ id, live, intervalMs }) => [id, live, intervalMs])).toEqual([
      ["odi", [], 0],
      ["t20i", ["951373"], 5000],
      ["test", [], 0],
    ]);
  });

  it("leaves a source out that has none of the chosen matches; a live match is a chosen one", async () => {
    const plays = await choosePlays(folders, { ...nothing, matches: ["1144530"], live: ["1152848"] });
    expect(plays.map(({ id, live, matches }) => [id, live, matches])).toEqual([
      ["odi", [], ["1144530"]],
      ["test", ["1152848"], ["1152848"]],
    ]);
  });

  it("refuses a match that no folder holds, and a folder of another format", async () => {
    await expect(choosePlays(folders, { ...nothing, live: ["1"] })).rejects.toThrow("match 1 is not in the folders");
    const swapped: Folders = { id: "test", dirs: [join(data, "t20i")] };
    await expect(choosePlays([swapped], nothing)).rejects.toThrow(UsageError);
  });
});
