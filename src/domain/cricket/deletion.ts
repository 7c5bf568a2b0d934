import { PoisonError } from "../errors.ts";
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
