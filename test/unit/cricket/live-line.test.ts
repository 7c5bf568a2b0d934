import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { liveLine, renderCard } from "../../../src/domain/cricket/card.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { type ReadMatch, readAnyMatch } from "../../support/cricket-files.ts";

const ROOT = join(import.meta.dirname, "../../..");
const read = (dir: string, file: string): ReadMatch => readAnyMatch(join(ROOT, dir), file);

const HEADINGLEY = read("data/test", "1152848.yaml");
const SUPER_OVERS = read("data/t20i", "1485939.json");
const DECLARED = read("test/fixtures/cricket/mdm", "804289.yaml");
const FORFEITED = read("test/fixtures/cricket/mdm", "1410315.json");
const CSV1 = read("test/fixtures/cricket/csv1", "238200.csv");
const PENALTY = read("data/t20i", "1268191.json");

/** After a delivery of an innings: the n-th from 1, or the n-th from its end when negative. */
function lineAt({ match, deliveries }: ReadMatch, innings: number, nth: number): string {
  const at = deliveries.findIndex((d) => d.innings === innings);
  const length = deliveries.filter((d) => d.innings === innings).length;
  const some = deliveries.slice(0, at + (nth > 0 ? nth : length + 1 + nth));
  return liveLine(scoreMatch(match, some), match, some.at(-1));
}

const cardOf = ({ match, deliveries }: ReadMatch): string => renderCard(scoreMatch(match, deliveries), match);

describe("the live line of a Test", () => {
  test("both innings of the side, and how it stands: trailing, leading, chasing, there", () => {
    expect(lineAt(HEADINGLEY, 1, 1)).toBe("Australia 0/0 (0.1 ov) v England · Warner 0* (1) · Broad 0.1-0-0-0");
    expect(lineAt(HEADINGLEY, 2, -1)).toMatch(
      /^England 67 all out \(27\.5 ov\) v Australia · OUT Leach .* · trail by 112$/u,
    );
    expect(lineAt(HEADINGLEY, 3, -1)).toMatch(/^Australia 179 & 246 all out .* · lead by 358$/u);
    expect(lineAt(HEADINGLEY, 4, 1)).toMatch(/^England 67 & 0\/0 \(0\.1 ov\) .* · needs 359$/u);
    expect(lineAt(HEADINGLEY, 4, -1)).toBe(
      "England 67 & 362/9 (125.4 ov) v Australia · Stokes 135* (219) · Cummins 24.4-5-80-1",
    );
  });

  test("a declaration is told when the next innings begins, not before it was made", () => {
    expect(lineAt(DECLARED, 1, -1)).toMatch(/^Hampshire 400\/9 \(/u);
    expect(lineAt(DECLARED, 4, 1)).toMatch(/^Yorkshire 97\/4d & 4\/0 .* · needs 300$/u);
  });

  test("forfeited innings count as an innings without runs", () => {
    expect(lineAt(FORFEITED, 1, 5)).toMatch(/^Glamorgan \d+\/0 \(0\.5 ov\) v Gloucestershire/u);
    expect(lineAt(FORFEITED, 4, 1)).toMatch(/^Gloucestershire forfeited & 0\/0 .* · needs 382$/u);
  });
});

describe("the live line of a T20 international", () => {
  test("before the first ball nothing of what the record knows is told", () => {
    const { match } = SUPER_OVERS;
    expect(liveLine(scoreMatch(match, []), match, undefined)).toBe("Netherlands v Nepal · not begun");
    expect(liveLine(scoreMatch(FORFEITED.match, []), FORFEITED.match, undefined)).toContain("not begun");
  });

  test("super overs are numbered from the second on, and their second innings is a chase of six balls", () => {
    expect(lineAt(SUPER_OVERS, 3, 1)).toContain("v Netherlands (super over) · Paudel 1* (1)");
    expect(lineAt(SUPER_OVERS, 4, 1)).toMatch(/v Nepal \(super over\) · .* · needs 14 from 5$/u);
    expect(lineAt(SUPER_OVERS, 6, 1)).toMatch(/v Netherlands \(2nd super over\) · .* · needs 12 from 5$/u);
    expect(lineAt(SUPER_OVERS, 8, -1)).toBe(
      "Netherlands 6/0 (0.1 ov) v Nepal (3rd super over) · Levitt 6* (1) · Lamichhane 0.1-0-6-0",
    );
  });

  test("penalty runs after an innings are not there before its end", () => {
    const note = PENALTY.match.inningsNotes.find(({ penaltyPost }) => penaltyPost > 0);
    expect(note?.penaltyPost).toBe(5);
    const first = PENALTY.deliveries.find(({ innings }) => innings === note?.innings);
    expect(lineAt(PENALTY, note?.innings ?? 0, 1)).toContain(` ${first?.runs.total}/0 (`);
  });
});

test("the original CSV gives no balls: no overs, no figures, nothing made up", () => {
  expect(lineAt(CSV1, 2, -1)).toBe("South Africa 438/9 v Australia · Boucher 50* · Lee ?-?-?-1");
});

describe("cards", () => {
  test("of a Test: innings counted, and what each total meant", () => {
    const totals = cardOf(HEADINGLEY)
      .split("\n")
      .filter((line) => line.startsWith("Total"));
    expect(totals.map((line) => /, (?:lead|trail|target).*$/u.exec(line)?.[0])).toEqual([
      undefined,
      ", trail by 112",
      ", lead by 358",
      ", target 359",
    ]);
    expect(cardOf(HEADINGLEY)).toMatch(/^England \(2nd innings\) /mu);
    expect(cardOf(read("data/test", "817215.yaml"))).toMatch(/^Bangladesh \(1st innings\) /mu);
  });

  test("declared and forfeited innings", () => {
    expect(cardOf(DECLARED)).toMatch(/^Total +400\/9d \(108\.5 ov, RR 3\.67\)$/mu);
    expect(cardOf(DECLARED)).toMatch(/^Hampshire \(2nd innings\): forfeited$/mu);
  });

  test("three super overs, told apart", () => {
    const card = cardOf(SUPER_OVERS);
    expect(card).toContain("Match tied (Netherlands won the 3rd super over)");
    expect(card.match(/^\w+ \(\w+ super over\)/gmu)).toHaveLength(6);
    expect(card).toContain("19/0 (1 ov, RR 19.00), target 20");
  });
});
