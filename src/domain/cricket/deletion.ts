import { PoisonError } from "../errors.ts";
import { type Columns, readRow, required } from "./columns.ts";
import { csvBallPlace } from "./csv-place.ts";
import { DocumentValue, placeOf } from "./document.ts";
import { inningsNumber, matchIdOf, placeInInnings } from "./fields.ts";
import type { DeliveryPlace } from "./types.ts";

const PLACE = { match: "match_id", innings: "innings", over: "over", ball: "ball" };

/**
 * The natural key of a delivery that an edition of its document does not have any more: `{match_id, innings, over, ball}`, counted as in
 * `parseJsonDelivery`.
 * @throws PoisonError for what can be no delivery.
 */
export function parseDeletion(document: unknown): DeliveryPlace {
  const root = new DocumentValue(document, "json", "");
  try {
    const matchId = matchIdOf(root.need("match_id").text());
    const innings = inningsNumber(String(root.need("innings").whole(99)), "innings");
    const over = root.need("over").whole(1_000);
    const ball = root.need("ball").whole(100);
    placeInInnings(over, ball, "ball");
    return { matchId, innings, over, ball };
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(placeOf(root, PLACE) + error.message, { cause: error });
  }
}

/**
 * As `parseDeletion`, of a row of either CSV: match_id, innings and ball, and nth where the ball is of the original CSV.
 * @throws PoisonError for what can be no delivery.
 */
export function parseCsvDeletion(columns: Columns): DeliveryPlace {
  return readRow(columns, () => {
    const [innings, ball] = [required(columns, "innings"), required(columns, "ball")];
    const nth = Object.hasOwn(columns, "nth") ? required(columns, "nth") : null;
    return { matchId: matchIdOf(required(columns, "match_id")), ...csvBallPlace({ innings, ball, nth }) };
  });
}
