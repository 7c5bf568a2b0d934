import { PoisonError } from "../errors.ts";
import { deliveryContent, type DeliveryWords } from "./delivery-document.ts";
import { DocumentValue, placeOf } from "./document.ts";
import { inningsNumber, matchIdOf, placeInInnings, quoted } from "./fields.ts";
import { matchOf, type MatchWords } from "./match-document.ts";
import type { Delivery, Match } from "./types.ts";

const DELIVERY_WORDS: DeliveryWords = {
  batter: "batter",
  wickets: "wickets",
  notWickets: "wicket",
  // YAML's form of a substitute. One whose name nobody wrote down is "?".
  fielder: (fielder) => {
    const substitute = fielder.get("substitute")?.flag() ?? false;
    const name = substitute ? (fielder.get("name")?.name() ?? "?") : fielder.need("name").name();
    return substitute ? `${name} (sub)` : name;
  },
};

const MATCH_WORDS: MatchWords = {
  format: "json",
  checkVersion,
  event: (info) => info.get("event")?.get("name")?.textOrNull() ?? null,
  innings: (innings) => ({ innings, superOver: false }),
};

/**
 * One delivery of a Cricsheet JSON file (1.x) as a delivery. The document is `{match_id, innings, over, ball, team,
 * delivery}`: `innings` counts from 1, `over` from 0, `ball` is the n-th delivery of the over from 1, and `delivery` is
 * the object as in the file.
 * @throws PoisonError with a reason a person understands, for everything that cannot be scored.
 */
export function parseJsonDelivery(document: unknown): Delivery {
  return readDocument(document, (root) => {
    const matchId = matchIdOf(root.need("match_id").text());
    const innings = inningsNumber(String(root.need("innings").whole(99)), "innings");
    const over = root.need("over").whole(1_000);
    const ball = root.need("ball").whole(100);
    placeInInnings(over, ball, "ball");
    const battingTeam = root.need("team").name();
    return { matchId, innings, over, ball, battingTeam, ...deliveryContent(root.need("delivery"), DELIVERY_WORDS) };
  });
}

/**
 * What a Cricsheet JSON file (1.x) says of its match. The document is `{match_id, match: {meta, info, innings}}`, the
 * innings without their `overs`.
 * @throws PoisonError with a reason a person understands.
 */
export function parseJsonMatch(document: unknown): Match {
  return readDocument(document, (root) =>
    matchOf(matchIdOf(root.need("match_id").text()), root.need("match"), MATCH_WORDS),
  );
}

const PLACE = { match: "match_id", innings: "innings", over: "over", ball: "ball" };

function readDocument<T>(document: unknown, read: (root: DocumentValue) => T): T {
  const root = new DocumentValue(document, "json", "");
  try {
    if (!root.isObject()) throw new PoisonError("the document is no JSON object");
    return read(root);
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(placeOf(root, PLACE) + error.message, { cause: error });
  }
}

/** Semantic versioning: a later 1.x only adds members. */
function checkVersion(version: string): void {
  if (!/^1\.\d{1,4}(?:\.\d{1,4})?$/u.test(version)) {
    throw new PoisonError(`version ${quoted(version)} is unknown; this reader knows JSON 1.x`);
  }
}
