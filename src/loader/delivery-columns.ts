import type { ColumnBatch, ColumnValues } from "./columns.ts";
import type { RecordPlace } from "./decode.ts";
import { type DeliveryFields, NONE } from "./delivery-fields.ts";
import type { SharedTexts } from "./shared-texts.ts";

/** Writes deliveries into the columns of their table. */
export class DeliveryColumns {
  readonly #batch: ColumnBatch;
  readonly #names: SharedTexts;
  readonly #columns: Named;

  constructor(batch: ColumnBatch, names: SharedTexts) {
    this.#batch = batch;
    this.#names = names;
    this.#columns = Object.fromEntries(COLUMNS.map((name) => [name, batch.column(name)])) as Named;
  }

  /** Throws a TypeError for a number that its column cannot hold. */
  write(row: number, fields: DeliveryFields, place: RecordPlace): void {
    this.writeDelivery(row, fields);
    this.#provenance(row, fields, place);
  }

  /** What the delivery says; where the row came from stays. */
  writeDelivery(row: number, fields: DeliveryFields): void {
    const columns = this.#columns;
    this.#name(columns.match_id, row, fields.matchId);
    columns.innings.setInteger(row, fields.innings);
    columns.over_no.setInteger(row, fields.over);
    columns.ball_no.setInteger(row, fields.ball);
    this.#name(columns.batting_team, row, fields.battingTeam);
    this.#name(columns.batter, row, fields.batter);
    this.#name(columns.non_striker, row, fields.nonStriker);
    this.#name(columns.bowler, row, fields.bowler);
    columns.runs_batter.setInteger(row, fields.runsBatter);
    columns.runs_extras.setInteger(row, fields.runsExtras);
    columns.runs_total.setInteger(row, fields.runsTotal);
    setOrNull(columns.wides, row, fields.wides);
    setOrNull(columns.noballs, row, fields.noballs);
    setOrNull(columns.byes, row, fields.byes);
    setOrNull(columns.legbyes, row, fields.legbyes);
    setOrNull(columns.penalty, row, fields.penalty);
    if (fields.nonBoundary === NONE) columns.non_boundary.setNull(row);
    else columns.non_boundary.setBoolean(row, fields.nonBoundary === 1);
    const { wickets } = fields;
    columns.wicket_count.setInteger(row, wickets.length);
    columns.wickets.set(row, wickets.length === 0 ? null : JSON.stringify(wickets));
  }

  #provenance(row: number, fields: DeliveryFields, place: RecordPlace): void {
    const columns = this.#columns;
    columns.event_id.setWords(row, fields.eventId);
    this.#name(columns.verdict, row, fields.verdict);
    if (fields.hasSupersedes) columns.supersedes.setWords(row, fields.supersedes);
    else columns.supersedes.setNull(row);
    this.#name(columns.source_topic, row, fields.sourceTopic);
    columns.source_partition.setInteger(row, fields.sourcePartition);
    columns.source_offset.setWideNumber(row, fields.sourceOffset);
    if (fields.sourceId === null) columns.source_id.setNull(row);
    else columns.source_id.setTextId(row, this.#batch.texts.add(fields.sourceId));
    columns.source_time.setMilliseconds(row, fields.sourceTime);
    columns.log_partition.setInteger(row, place.partition);
    columns.log_offset.setWideNumber(row, place.offset);
  }

  #name(column: ColumnValues, row: number, shared: number): void {
    column.setTextId(row, this.#batch.texts.idOfShared(shared, this.#names));
  }
}

function setOrNull(column: ColumnValues, row: number, value: number): void {
  if (value === NONE) column.setNull(row);
  else column.setInteger(row, value);
}

const COLUMNS = [
  "match_id",
  "innings",
  "over_no",
  "ball_no",
  "batting_team",
  "batter",
  "non_striker",
  "bowler",
  "runs_batter",
  "runs_extras",
  "runs_total",
  "wides",
  "noballs",
  "byes",
  "legbyes",
  "penalty",
  "non_boundary",
  "wicket_count",
  "wickets",
  "event_id",
  "verdict",
  "supersedes",
  "source_topic",
  "source_partition",
  "source_offset",
  "source_id",
  "source_time",
  "log_partition",
  "log_offset",
] as const;

type Named = Readonly<Record<(typeof COLUMNS)[number], ColumnValues>>;
