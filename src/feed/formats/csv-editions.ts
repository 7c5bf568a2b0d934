/** How rows of the schema `odi` speak of editions: columns beside those of the file. */
import { type BallNames, csvBallPlace } from "../../domain/cricket/csv-place.ts";
import { PoisonError } from "../../domain/errors.ts";
import type { Editions } from "../plan.ts";
import { CSV1_COLUMNS, CSV2_COLUMNS } from "../../pipelines/cricket/sources/odi.ts";
import type { OdiContent } from "./odi-content.ts";

/** The tables of balls. */
export type BallTable = "deliveries" | "csv1_deliveries";
const COLUMNS: Readonly<Record<BallTable, readonly string[]>> = {
  deliveries: CSV2_COLUMNS,
  csv1_deliveries: CSV1_COLUMNS,
};

/** @param table where the balls of the file go. */
export function csvEditions(matchId: string, table: BallTable): Editions<OdiContent> {
  return {
    table,
    mark: (content, edition, records) => {
      if (content.table === "unreadable_rows") return content;
      const withdrawn = "info" in content ? withdrawnLines(content.info, records) : "";
      return { ...content, edition, ...(withdrawn === "" ? {} : { withdrawn }) };
    },
    keyOf: (content) => (content.table === table ? ballKey(namesOf(table, content.columns)) : null),
    deletion: (key, edition) => {
      const [innings = "", ball = ""] = key.split("/");
      const names: Record<string, string> = { match_id: matchId, innings, ball, nth: ball.split(".")[1] ?? "" };
      return { table, columns: COLUMNS[table].map((name) => names[name] ?? null), edition, deleted: true };
    },
  };
}

/** Lines of earlier records that this one does not have, each once. */
function withdrawnLines(info: string, earlier: readonly string[]): string {
  const lines = (text: string): readonly string[] => text.split(/\r?\n/u);
  const kept = new Set(lines(info));
  const gone = new Set(earlier.flatMap(lines).filter((line) => line !== "" && !kept.has(line)));
  return [...gone].map((line) => `${line}\n`).join("");
}

/** The natural key within its match, `<innings>/<over>.<ball>`; null for a row that names no ball: it is in quarantine, and nothing to take back. */
export function ballKey(names: BallNames): string | null {
  try {
    const { innings, over, ball } = csvBallPlace(names);
    return `${innings}/${over}.${ball}`;
  } catch (error) {
    if (error instanceof PoisonError) return null;
    throw error;
  }
}

function namesOf(table: BallTable, columns: readonly (string | null)[]): BallNames {
  const value = (name: string): string | null => columns[COLUMNS[table].indexOf(name)] ?? null;
  return { innings: value("innings"), ball: value("ball"), nth: value("nth") };
}
