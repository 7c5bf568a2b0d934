import type { Command } from "commander";
import type { ScoredMatch } from "../../domain/cricket/scorecard.ts";
import type { MatchSummary, ReadableWarehouse } from "../../loader/index.ts";
import { matchesMeant } from "../match-words.ts";

interface Options {
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

export function register(program: Command): void {
  program
    .command("scorecards")
    .argument("[match...]", "match id, or words of it: a team, ground, year")
    .description("the card of a match, or a list of the matches in the warehouse")
    .option("--jsonl", "print one scored match a line, sorted by id, for programs")
    .option("--json", "print the same as one JSON array")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  third-umpire scorecards                      all matches with their results\n" +
        "  third-umpire scorecards 1059715              the card of this match\n" +
        "  third-umpire scorecards zimbabwe 2016        the card if one match is meant, else the list of those",
    )
    .action(async (words: string[], options: Options) => {
      const [{ loadSettings }, { openForReading }, { noteSource }] = await Promise.all([
        import("../../settings.ts"),
        import("../../loader/index.ts"),
        import("../warehouse-note.ts"),
      ]);
      const warehouse = await openForReading(loadSettings().warehouseDir);
      try {
        noteSource(warehouse);
        await (options.json === true || options.jsonl === true
          ? printScored(warehouse, words, options)
          : printCards(warehouse, words));
      } finally {
        warehouse.close();
      }
    });
}

/** Matches that are not meant are left out; one whose own record is missing has no card yet, and stderr says so. */
async function printScored(warehouse: ReadableWarehouse, words: readonly string[], options: Options): Promise<void> {
  const [{ readScorecards, readSummaries }, { scoredMatchJson }] = await Promise.all([
    import("../../loader/index.ts"),
    import("../../domain/cricket/scorecard.ts"),
  ]);
  const wanted =
    words.length === 0
      ? null
      : new Set(matchesMeant(await readSummaries(warehouse.connection), words).map(({ matchId }) => matchId));
  const only = wanted?.size === 1 ? [...wanted][0] : undefined;
  const lines: string[] = [];
  for await (const { matchId, match, scored } of readScorecards(warehouse.connection, only)) {
    if (wanted !== null && !wanted.has(matchId)) continue;
    if (match === null)
      process.stderr.write(`match ${matchId} has deliveries, but its own record has not come yet: left out\n`);
    else if (options.jsonl === true) await write(`${scoredMatchJson(scored)}\n`);
    else lines.push(scoredMatchJson(scored));
  }
  if (options.jsonl !== true) await write(`[${lines.join(",\n")}]\n`);
}

async function printCards(warehouse: ReadableWarehouse, words: readonly string[]): Promise<void> {
  const [{ readMatch, readSummaries, scoreStored }, { renderCard }, { print }] = await Promise.all([
    import("../../loader/index.ts"),
    import("../../domain/cricket/card.ts"),
    import("../output.ts"),
  ]);
  const meant = matchesMeant(await readSummaries(warehouse.connection), words);
  const [first] = meant;
  if (first === undefined) {
    print("No match has been loaded yet.");
    return;
  }
  if (meant.length > 1) {
    print(
      ...(await listLines(meant)),
      "",
      `${meant.length} matches; \`third-umpire scorecards ID\` shows the card of one.`,
    );
    return;
  }
  const stored = await readMatch(warehouse.connection, first.matchId);
  if (stored === undefined) return;
  const { match, scored } = scoreStored(stored);
  print(renderCard(scored, match));
}

async function listLines(summaries: readonly MatchSummary[]): Promise<string[]> {
  const [{ table }, { resultText, totalText }] = await Promise.all([
    import("../output.ts"),
    import("../../domain/cricket/words.ts"),
  ]);
  const result = (summary: MatchSummary): string =>
    summary.match === null ? "Match record not loaded yet" : resultText(outline(summary));
  return table<MatchSummary>(
    [
      { title: "DATE", value: ({ match }) => match?.dates[0] ?? "-" },
      { title: "ID", value: ({ matchId }) => matchId },
      { title: "MATCH", value: ({ match, innings }) => (match?.teams ?? innings.map(({ team }) => team)).join(" v ") },
      {
        title: "SCORES",
        value: ({ innings }) =>
          innings
            .filter(({ super_over }) => !super_over)
            .map(totalText)
            .join(", "),
      },
      { title: "RESULT", value: result },
    ],
    summaries,
  );
}

/** As much of a scored match as a result needs. */
function outline({ matchId, match, innings }: MatchSummary): ScoredMatch {
  return {
    id: matchId,
    info: {
      match_type: match?.matchType ?? null,
      gender: match?.gender ?? null,
      team_type: match?.teamType ?? null,
      teams: match?.teams ?? [],
      overs: match?.overs ?? null,
      bpo: match?.ballsPerOver ?? 6,
      dates: match?.dates ?? [],
      outcome: match?.outcome ?? {},
    },
    innings,
  };
}

/** Waits for a slow reader: a thousand cards must not pile up in memory. */
async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
}
