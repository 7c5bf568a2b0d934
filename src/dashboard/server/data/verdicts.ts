import type { DuckDBValue } from "@duckdb/node-api";
import { VERDICTS, type Verdict, type VerdictCounts, zeroCounts } from "../../../domain/review/verdict.ts";
import type { MatchFormat, RecordPosition, RejectedRecord } from "../../api.ts";
import { formatOfTopic } from "../view/formats.ts";
import { titleOf } from "../view/match-view.ts";
import { number, numberOrNull, text, textOrNull } from "./cells.ts";
import type { Query } from "./reader.ts";

/** How many rejected records are kept in memory and can be asked for. */
export const REJECTED_MAX = 200;
const NEW_MAX = 50;

export type BySource = Record<MatchFormat, VerdictCounts>;

/**
 * Counts verdicts as they are committed. Each refresh reads what the loader added since, by the offsets of the verdict
 * topic: a few rows, whatever the size of the tables.
 */
export class VerdictLedger {
  readonly #inputs: readonly string[];
  readonly #bySource: BySource = { odi: zeroCounts(), t20i: zeroCounts(), test: zeroCounts() };
  readonly #totals: VerdictCounts = zeroCounts();
  /** Of each partition of the verdict topic the last offset that was read. */
  readonly #read = new Map<number, number>();
  #rejected: RejectedRecord[] = [];
  #started = false;

  /** `inputs`: the topology's input topics; first-seen positions name them by index. */
  constructor(inputs: readonly string[]) {
    this.#inputs = inputs;
  }

  get totals(): VerdictCounts {
    return { ...this.#totals };
  }

  get bySource(): BySource {
    const { odi, t20i, test } = this.#bySource;
    return { odi: { ...odi }, t20i: { ...t20i }, test: { ...test } };
  }

  /** Newest first. */
  get rejected(): readonly RejectedRecord[] {
    return this.#rejected;
  }

  /** Reads what is new. Returns the newest of the rejected records that came since, newest first; null when no verdict fell. */
  async refresh(query: Query, at: number): Promise<readonly RejectedRecord[] | null> {
    const isFirst = !this.#started;
    const since = [...this.#read].map(([partition, offset]) => `(log_partition = ${partition} AND log_offset > ${offset})`);
    const known = [...this.#read.keys()].join(", ");
    const isNew = since.length === 0 ? "true" : `(${since.join(" OR ")} OR log_partition NOT IN (${known}))`;
    const counts = await query(
      `SELECT input_topic, log_partition, max(log_offset), ${VERDICTS.map((verdict) => `sum(${verdict})::BIGINT`).join(", ")} ` +
        `FROM verdict_counts WHERE ${isNew} GROUP BY ALL`,
    );
    if (counts.length === 0 && !isFirst) return null;
    const fresh = await this.#readRejected(query, isNew, isFirst ? null : at);
    this.#started = true;
    for (const [topic, partition, offset, ...sums] of counts) {
      const source = formatOfTopic(text(topic));
      VERDICTS.forEach((verdict, n) => {
        this.#totals[verdict] += number(sums[n]);
        if (source !== null) this.#bySource[source][verdict] += number(sums[n]);
      });
      const key = number(partition);
      this.#read.set(key, Math.max(this.#read.get(key) ?? -1, number(offset)));
    }
    this.#rejected = [...fresh, ...this.#rejected].slice(0, REJECTED_MAX);
    return fresh.slice(0, NEW_MAX);
  }

  async #readRejected(query: Query, isNew: string, at: number | null): Promise<RejectedRecord[]> {
    const rows = await query(
      "SELECT input_topic, input_partition, input_offset, verdict, replace(CAST(event_id AS VARCHAR), '-', ''), first_seen_input, first_seen_offset, reason " +
        `FROM verdicts WHERE ${isNew} ORDER BY log_offset DESC, input_offset DESC LIMIT ${REJECTED_MAX}`,
    );
    const found = rows.map((row) => this.#record(row, at));
    const keys = await readKeys(query, found);
    return found.map((record) => ({ ...record, ...keys.get(record.id) }));
  }

  #record(row: readonly DuckDBValue[], at: number | null): RejectedRecord {
    const [topic, partition, offset, verdict, eventId, seenInput, seenOffset, reason] = row;
    const input = { topic: text(topic), partition: number(partition), offset: number(offset) };
    const index = numberOrNull(seenInput);
    const seenAt = numberOrNull(seenOffset);
    return {
      id: positionText(input),
      at,
      format: formatOfTopic(input.topic),
      input,
      verdict: text(verdict) as Exclude<Verdict, "accepted">,
      key: null,
      matchId: null,
      eventId: textOrNull(eventId),
      // A key stays in its partition, whatever the topic.
      firstSeen:
        index === null || seenAt === null
          ? null
          : { topic: this.#inputs[index] ?? input.topic, partition: input.partition, offset: seenAt },
      reason: textOrNull(reason),
    };
  }
}

function positionText({ topic, partition, offset }: RecordPosition): string {
  return `${topic}/${partition}@${offset}`;
}

type Key = Pick<RejectedRecord, "key" | "matchId">;

/**
 * What the records are about, by their id: the fact that stands where the record was first seen, or that the record itself
 * became (a correction). By position and not by event id, since positions rise in the table: only their range is read.
 * What was superseded since and what could not be read stays without.
 */
async function readKeys(query: Query, records: readonly RejectedRecord[]): Promise<Map<string, Key>> {
  const values: DuckDBValue[] = [];
  const bind = (value: DuckDBValue): string => `$${values.push(value)}`;
  const wanted = records.flatMap(({ id, input, firstSeen }) =>
    [input, ...(firstSeen === null ? [] : [firstSeen])].map(
      ({ topic, partition, offset }) => `(${bind(id)}, ${bind(topic)}, ${partition}, ${offset}::BIGINT)`,
    ),
  );
  if (wanted.length === 0) return new Map();
  const rows = await query(
    `WITH w(id, source_topic, source_partition, source_offset) AS (VALUES ${wanted.join(", ")}), found AS (
       SELECT w.id, d.match_id, 'innings ' || d.innings || ', ' || d.over_no || '.' || d.ball_no AS place
       FROM deliveries d JOIN w USING (source_topic, source_partition, source_offset)
       UNION ALL
       SELECT w.id, r.match_id, NULL FROM matches r JOIN w USING (source_topic, source_partition, source_offset)
     )
     SELECT f.id, any_value(f.match_id), any_value(f.place), any_value(m.team_1), any_value(m.team_2)
     FROM found f LEFT JOIN matches m ON m.match_id = f.match_id GROUP BY f.id`,
    values,
  );
  return new Map(
    rows.map(([id, matchId, place, first, second]) => {
      const title = titleOf([textOrNull(first) ?? "", textOrNull(second) ?? ""]) || `match ${text(matchId)}`;
      const where = textOrNull(place);
      return [text(id), { matchId: text(matchId), key: where === null ? `record of ${title}` : `${title}, ${where}` }];
    }),
  );
}
