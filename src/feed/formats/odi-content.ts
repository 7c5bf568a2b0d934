import type { DeliveryColumns, UnreadableLine } from "../csv.ts";
import type { ScriptRow } from "../plan.ts";

/** Which edition of its file a row is of; absent of the first. */
interface Edition {
  readonly edition?: number;
}

/** Lines about the match that an earlier edition had and this one does not. */
interface RecordEdition extends Edition {
  readonly withdrawn?: string;
}

/** The edition does not have the ball; of the columns only those are there that name it. */
interface BallEdition extends Edition {
  readonly deleted?: true;
}

/** A row of one of the tables of the schema `odi`. */
export type OdiContent =
  | ({ readonly table: "match_info"; readonly matchId: string; readonly info: string } & RecordEdition)
  | ({ readonly table: "deliveries"; readonly columns: DeliveryColumns } & BallEdition)
  | ({ readonly table: "csv1_match_info"; readonly matchId: string; readonly info: string } & RecordEdition)
  /** In the order of `CSV1_COLUMNS`; null for a column that a ball line of the file has no field for. */
  | ({ readonly table: "csv1_deliveries"; readonly columns: readonly (string | null)[] } & BallEdition)
  | { readonly table: "unreadable_rows"; readonly matchId: string; readonly unreadable: UnreadableLine };

export function unreadableRow(matchId: string, unreadable: UnreadableLine, line: number): ScriptRow<OdiContent> {
  const content = { table: "unreadable_rows", matchId, unreadable } as const;
  return { content, bytes: unreadable.raw.length + 200, line, repeatable: false };
}
