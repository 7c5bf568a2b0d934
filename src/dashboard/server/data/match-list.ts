import type { DuckDBValue } from "@duckdb/node-api";
import { resultText, totalText } from "../../../domain/cricket/words.ts";
import type { Match, Outcome } from "../../../domain/cricket/types.ts";
import type { ScoredInnings, ScoredMatch } from "../../../domain/cricket/scored.ts";
import type { Facets, InningsScoreLine, MatchFormat, MatchPage, MatchSummary } from "../../api.ts";
import { formatOfMatch, MATCH_FORMATS } from "../view/formats.ts";
import { titleOf } from "../view/match-view.ts";
import { number, text, textOrNull, texts } from "./cells.ts";
import type { Query } from "./reader.ts";

export interface MatchFilter {
  readonly format: MatchFormat | null;
  readonly season: string | null;
  readonly team: string | null;
  readonly words: readonly string[];
  readonly limit: number;
  /** The last match of the page before. */
  readonly after: MatchCursor | null;
}

/** Where a page ends, in the order of the list. `date`: ISO 8601, or a far one for a match without. */
export interface MatchCursor {
  readonly date: string;
  readonly id: string;
}

/** A match whose own record is missing came just now: it stands in front. */
const NO_DATE = "9999-12-31";

/** Matches with their own record, then those of which only deliveries came: few, and not for long. */
const LISTED = `
  WITH bare AS (
    SELECT DISTINCT match_id FROM innings WHERE match_id NOT IN (SELECT match_id FROM matches)
  ), listed AS (
    SELECT match_id, true AS has_record, format, CAST(NULL AS VARCHAR) AS topic, match_type, gender, team_1, team_2, season,
      coalesce(CAST(first_date AS VARCHAR), '${NO_DATE}') AS day, CAST(dates AS VARCHAR) AS dates, venue, city, event,
      CASE WHEN format LIKE 'csv%' THEN 'odi' WHEN format = 'json' THEN 't20i' ELSE 'test' END AS source
    FROM matches
    UNION ALL
    SELECT d.match_id, false, 'csv2', any_value(d.source_topic), NULL, NULL,
      coalesce(arg_min(d.batting_team, d.innings), ''),
      CASE WHEN max(d.batting_team) <> min(d.batting_team) THEN arg_max(d.batting_team, d.innings) ELSE '' END,
      NULL, '${NO_DATE}', NULL, NULL, NULL, NULL,
      coalesce(nullif(regexp_extract(any_value(d.source_topic), '(?:^|[.])(odi|t20i|test)[.]raw$', 1), ''), 'odi')
    FROM deliveries d WHERE d.match_id IN (SELECT match_id FROM bare) GROUP BY d.match_id
  )`;

const TEXT =
  "lower(concat_ws(' ', match_id, team_1, team_2, season, dates, venue, city, event, match_type, strip_accents(concat_ws(' ', venue, city))))";

/** One page of the list, newest match first. Of a match in `live` nothing is told that is still to come. */
export async function listMatches(query: Query, filter: MatchFilter, live: ReadonlySet<string>): Promise<MatchPage> {
  const values: DuckDBValue[] = [];
  const bind = (value: DuckDBValue): string => `$${values.push(value)}`;
  const where = ["true"];
  if (filter.format !== null) where.push(`source = ${bind(filter.format)}`);
  if (filter.season !== null) where.push(`season = ${bind(filter.season)}`);
  if (filter.team !== null) {
    const team = bind(filter.team);
    where.push(`(team_1 = ${team} OR team_2 = ${team})`);
  }
  for (const word of filter.words) where.push(`contains(${TEXT}, ${bind(word.toLowerCase())})`);
  const counted = await query(`${LISTED} SELECT count(*) FROM listed WHERE ${where.join(" AND ")}`, [...values]);
  if (filter.after !== null) where.push(`(day, match_id) < (${bind(filter.after.date)}, ${bind(filter.after.id)})`);
  const rows = await query(
    `${LISTED} SELECT match_id, has_record, format, topic, match_type, gender, team_1, team_2, season, day, dates, venue, city, event,
       (SELECT record FROM matches m WHERE m.match_id = listed.match_id)
     FROM listed WHERE ${where.join(" AND ")} ORDER BY day DESC, match_id DESC LIMIT ${filter.limit + 1}`,
    values,
  );
  const shown = rows.slice(0, filter.limit);
  const cards = await readCards(query, shown.map(([id]) => text(id)));
  const last = shown.at(-1);
  return {
    matches: shown.map((row) => summaryOf(row, cards.get(text(row[0])) ?? [], live)),
    next: rows.length > shown.length && last !== undefined ? encodeCursor({ date: text(last[9]), id: text(last[0]) }) : null,
    total: number(counted[0]?.[0]),
  };
}

type Card = InningsScoreLine & { readonly deliveries: number; readonly open: string };

function summaryOf(row: readonly DuckDBValue[], cards: readonly Card[], live: ReadonlySet<string>): MatchSummary {
  const id = text(row[0]);
  const hasRecord = row[1] === true;
  const isLive = live.has(id);
  const deliveries = cards.reduce((sum, card) => sum + card.deliveries, 0);
  const teams = [text(row[6]), text(row[7])].filter((team) => team !== "");
  return {
    id,
    format: formatOfMatch({ format: text(row[2]) as Match["format"] } as Match, hasRecord, textOrNull(row[3])),
    matchType: textOrNull(row[4]),
    title: titleOf(teams),
    teams,
    gender: textOrNull(row[5]),
    season: textOrNull(row[8]),
    dates: texts(row[10]),
    venue: textOrNull(row[11]),
    city: textOrNull(row[12]),
    event: textOrNull(row[13]),
    live: isLive,
    // The record comes first: a match without a ball has not begun.
    result: isLive || !hasRecord || deliveries === 0 ? null : resultOf(text(row[14]), cards),
    scores: cards.map(({ deliveries: _balls, open, ...line }, at) =>
      isLive && at === cards.length - 1 ? { ...line, total: open } : line,
    ),
    deliveries,
  };
}

/** The words of the result need the outcome, and the innings of a match that a super over decided. */
function resultOf(record: string, cards: readonly Card[]): string {
  const { outcome } = JSON.parse(record) as { readonly outcome: Outcome };
  const innings = cards.map(({ number: n, superOver, runs }) => ({ number: n, super_over: superOver, runs }) as ScoredInnings);
  return resultText({ info: { outcome }, innings } as unknown as ScoredMatch);
}

async function readCards(query: Query, ids: readonly string[]): Promise<Map<string, Card[]>> {
  const cards = new Map<string, Card[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return cards;
  const rows = await query(
    "SELECT match_id, innings, team, super_over, runs, wickets, overs_used, declared, forfeited, CAST(absent_hurt AS VARCHAR), deliveries, penalty_post " +
      `FROM innings WHERE match_id IN (${ids.map((_, n) => `$${n + 1}`).join(", ")}) ORDER BY match_id, innings`,
    [...ids],
  );
  for (const row of rows) {
    const card = {
      runs: number(row[4]),
      wickets: number(row[5]),
      declared: row[7] === true,
      forfeited: row[8] === true,
      absent_hurt: texts(row[9]),
    } as unknown as ScoredInnings;
    cards.get(text(row[0]))?.push({
      number: number(row[1]),
      team: text(row[2]),
      superOver: row[3] === true,
      runs: card.runs,
      wickets: card.wickets,
      overs: textOrNull(row[6]),
      total: totalText(card),
      deliveries: number(row[10]),
      open: totalText({ ...card, declared: null, runs: card.runs - number(row[11]) }),
    });
  }
  return cards;
}

export async function readFacets(query: Query): Promise<Facets> {
  const formats = await query(`${LISTED} SELECT source, count(*) FROM listed GROUP BY source`);
  const counts = new Map(formats.map(([format, matches]) => [text(format), number(matches)]));
  const seasons = await query("SELECT DISTINCT season FROM matches WHERE season IS NOT NULL ORDER BY season DESC");
  const teams = await query(
    "SELECT team FROM (SELECT team_1 AS team FROM matches UNION SELECT team_2 FROM matches) WHERE team <> '' ORDER BY team",
  );
  return {
    formats: MATCH_FORMATS.map((format) => ({ format, matches: counts.get(format) ?? 0 })),
    seasons: seasons.map(([season]) => text(season)),
    teams: teams.map(([team]) => text(team)),
  };
}

export function encodeCursor({ date, id }: MatchCursor): string {
  return Buffer.from(JSON.stringify([date, id])).toString("base64url");
}

/** null for what no page ended with. */
export function decodeCursor(cursor: string): MatchCursor | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (!Array.isArray(value) || value.length !== 2) return null;
    const [date, id] = value as unknown[];
    return typeof date === "string" && typeof id === "string" && /^\d{4,}-\d{2}-\d{2}$/u.test(date) ? { date, id } : null;
  } catch {
    // Not JSON: made up by the caller.
    return null;
  }
}
