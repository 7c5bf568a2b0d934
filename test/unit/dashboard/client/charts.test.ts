import { expect, it } from "vitest";
import { manhattanOption } from "../../../../src/dashboard/client/charts/manhattan-option.ts";
import type { Palette } from "../../../../src/dashboard/client/charts/palette.ts";
import { wormLines, wormOption } from "../../../../src/dashboard/client/charts/worm-option.ts";
import { pipelineDrawing } from "../../../../src/dashboard/client/view/pipeline-drawing.ts";
import { datesText, teamLines } from "../../../../src/dashboard/client/view/words.ts";
import { NO_COUNTS, summary, view } from "./fixtures.ts";

const PALETTE: Palette = {
  series: ["s1", "s2", "s3", "s4"],
  ink: "i",
  muted: "m",
  line: "l",
  surface: "s",
  wicket: "w",
  font: "f",
};

it("draws the worm from nought through every ball, on an axis of overs", () => {
  const [line] = wormLines(view("m", "t20i", 3));
  expect(line?.unit).toBe("over");
  expect(line?.points.map(({ at, runs }) => [at, runs])).toEqual([
    [0, 0],
    [1 / 6, 1],
    [2 / 6, 2],
    [3 / 6, 3],
  ]);
});

it("draws the worm on an axis of balls where the file format cannot tell overs", () => {
  const shown = view("m", "odi", 2);
  const innings = shown.innings.map((one) => ({
    ...one,
    worm: one.worm.map(([ball, runs, wickets, fell]) => [ball, runs, wickets, fell, null] as const),
  }));
  expect(wormLines({ ...shown, innings })[0]).toMatchObject({
    unit: "ball",
    points: [{ at: 0 }, { at: 1 }, { at: 2 }],
  });
});

it("draws the tooltips on the canvas: those of HTML have inline styles", () => {
  const shown = view("m", "t20i", 3);
  for (const option of [wormOption(shown, PALETTE, false), manhattanOption(shown.innings[0], 20, PALETTE, false)]) {
    expect(option).toMatchObject({ tooltip: { renderMode: "richText" } });
  }
});

it("gives the Manhattan a place for every over of the innings, and a dot for every wicket", () => {
  const shown = view("m", "t20i", 3);
  const innings = shown.innings.map((one) => ({ ...one, manhattan: [[1, 3, 2] as const, [2, 0, 0] as const] }));
  const option = manhattanOption(innings[0], 20, PALETTE, false) as { series: { data: unknown[] }[] };
  expect(option.series[0]?.data).toEqual([3, 0, ...Array.from({ length: 18 }, () => null)]);
  expect(option.series[1]?.data).toHaveLength(2);
});

it("puts the numbers of the pipeline on its arrows, and none where nobody told one", () => {
  const { flows } = pipelineDrawing(null, { ...NO_COUNTS, accepted: 5, duplicate: 2 });
  expect(flows.find(({ id }) => id === "judged")?.value).toBe(7);
  expect(flows.filter(({ value }) => value === null).map(({ id }) => id)).toEqual([
    "from-t20i",
    "from-odi",
    "from-test",
    "loaded",
    "stored",
  ]);
});

it("writes one line a team, both innings of it and its super over", () => {
  const score = (number: number, team: string, total: string, superOver = false) => ({
    number,
    team,
    superOver,
    runs: 0,
    wickets: 0,
    overs: "12.0",
    total,
  });
  const match = {
    ...summary("m", "test", 9),
    scores: [score(1, "Oman", "67"), score(2, "Nepal", "80/9d"), score(3, "Oman", "9/1", true)],
  };
  expect(teamLines(match, match.scores[2] ?? null)).toEqual([
    { team: "Oman", totals: "67 (9/1)", overs: "12 ov", isBatting: true },
    { team: "Nepal", totals: "80/9d", overs: "12 ov", isBatting: false },
  ]);
});

it("writes the days of a match as short as they can be read", () => {
  expect(datesText(["2019-07-14"])).toBe("14 Jul 2019");
  expect(datesText(["2019-07-30", "2019-08-03"])).toMatch(/^30 Jul\s–\s3 Aug 2019$/u);
  expect(datesText([])).toBe("");
});
