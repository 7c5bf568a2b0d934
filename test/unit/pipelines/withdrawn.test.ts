import { describe, expect, it } from "vitest";
import { matchFacets, matchIdentity } from "../../../src/domain/cricket/identity.ts";
import { mergeMatch } from "../../../src/domain/cricket/merge.ts";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { type CleanMatch, type Match, MATCH_FACETS } from "../../../src/domain/cricket/types.ts";
import { withoutWithdrawn } from "../../../src/domain/cricket/withdrawn.ts";
import { parseCsv2Info } from "../../../src/domain/cricket/csv2.ts";
import { type CricketPipeline, rawRecord, type RawRecord, review } from "../../support/cricket-pipeline.ts";

/* What an edition of a CSV file says of its match, and a later one does not any more, leaves the card: silence alone would mean nothing. */

const ID = "990105";
const LINES = ["team,A", "team,B", "date,2024/01/01", "venue,V", "outcome,no result"].map((line) => `info,${line}`);
const PENALTY = "penalty_runs,1,post,5";

function csv1(lines: readonly string[], edition = 1, withdrawn: readonly string[] = []): RawRecord {
  const info = ["version,1.3.0", ...LINES, ...lines].map((line) => `${line}\n`).join("");
  const gone = withdrawn.length === 0 ? {} : { withdrawn: withdrawn.map((line) => `${line}\n`).join("") };
  const later = edition === 1 ? {} : { edition: String(edition), ...gone };
  return rawRecord(CRICKET_EVENT.odiCsv1Match, ID, { match_id: ID, info, ...later });
}

/** The match as whoever reads the clean stream from its beginning has it. */
function match({ broker }: CricketPipeline): Match {
  const clean = broker
    .readCommitted(CRICKET_TOPICS.matches)
    .map(({ value }) => JSON.parse(String(value)) as CleanMatch);
  return clean.map((record) => record.match).reduce(mergeMatch);
}

const penalties = (of: Match): unknown => matchFacets(of).penalties;

describe("a line that an edition does not have any more", () => {
  it("is taken back, replays do not bring it back, and a later edition does", async () => {
    const first = csv1([PENALTY]);
    const second = csv1([], 2, [PENALTY]);
    const taken = await review([first], [second], [first, second]);
    expect(taken.verdicts(CRICKET_TOPICS.odiRaw)).toEqual(["accepted", "correction", "stale", "duplicate"]);
    expect(penalties(match(taken))).toEqual([]);
    const back = await review([first], [second], [csv1([PENALTY], 3)]);
    expect(back.verdicts(CRICKET_TOPICS.odiRaw)).toEqual(["accepted", "correction", "correction"]);
    expect(penalties(match(back))).toEqual([[1, 0, 5]]);
  });

  it("means nothing where the file never had it: what another format knows stays", async () => {
    const json = rawRecord(CRICKET_EVENT.t20iMatch, ID, {
      match_id: ID,
      match: {
        meta: { data_version: "1.1.0", created: "2024-01-01", revision: 1 },
        info: {
          teams: ["A", "B"],
          dates: ["2024-01-01"],
          venue: "V",
          outcome: { result: "no result" },
          gender: "male",
          balls_per_over: 6,
        },
        innings: [{ team: "A", penalty_runs: { post: 5 } }],
      },
    });
    const pipeline = await review([csv1(["info,umpire,U"])], [json], [csv1([], 2, ["info,umpire,U", "info,series,S"])]);
    expect(pipeline.reasons()).toEqual([]);
    expect(penalties(match(pipeline))).toEqual([[1, 0, 5]]);
  });

  it("that says nothing alone is passed over, and a record without any is read as it always was", () => {
    const info = `version,2.1.0\n${LINES.join("\n")}\ninfo,player,A,X\n`;
    const told = parseCsv2Info(ID, info);
    expect(withoutWithdrawn(told, "")).toBe(told);
    expect(withoutWithdrawn(told, "info,venue,W\ninfo,toss_winner,A\nrubbish\n")).toBe(told);
  });
});

it.each([
  ["info,event,E", "event"],
  ['"info","season","2024"', "season"],
  ["info,gender,male", "gender"],
  ["info,match_type,ODI", "matchType"],
  ["info,team_type,club", "teamType"],
  ["info,overs,50", "overs"],
  ["info,registry,people,X,1", "registry"],
  ["info,super_over,3", "superOvers"],
  ["info,declared,1", "declared"],
  ["info,target_runs,2,200", "targets"],
  ["info,forfeited,1", "forfeited"],
  ["info,eliminator,A", "tieBreak"],
  ["info,method,D/L", "method"],
] as const)("%s is a statement of %s that can be taken back, and of nothing else", (line, facet) => {
  const base = `version,2.1.0\n${[...LINES.slice(0, 4), "info,outcome,tie"].join("\n")}\ninfo,player,A,X\n`;
  const silent = parseCsv2Info(ID, base);
  const told = parseCsv2Info(ID, `${base}${line}\n`);
  const taken = withoutWithdrawn(silent, `${line}\n`);
  const at = MATCH_FACETS.indexOf(facet);
  expect(matchFacets(silent)[facet]).toBeNull();
  expect(matchFacets(told)[facet]).not.toBeNull();
  expect(matchIdentity(taken).facets[at]).not.toBeNull();
  expect(matchIdentity(taken).facets[at]).not.toBe(matchIdentity(told).facets[at]);
  expect(matchIdentity(taken).facets.toSpliced(at, 1)).toEqual(matchIdentity(silent).facets.toSpliced(at, 1));
  // Laid over what was told it is gone, and stays what it was in all else.
  const merged = mergeMatch(told, taken);
  expect(matchFacets(merged)[facet]).toEqual(matchFacets(taken)[facet]);
  const { alsoKnown: _, ...content } = merged;
  expect(content).toEqual(silent);
});
