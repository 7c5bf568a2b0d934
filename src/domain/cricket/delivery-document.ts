import { PoisonError } from "../errors.ts";
import type { DocumentValue } from "./document.ts";
import { quoted, RUNS_MAX } from "./fields.ts";
import type { Delivery, Extras, Wicket } from "./types.ts";
import { isWicketKind } from "./wickets.ts";

/** Where two formats with the same structure differ. */
export interface DeliveryWords {
  readonly batter: "batter" | "batsman";
  /** JSON has a list; YAML an object, or a list when two fell. */
  readonly wickets: "wickets" | "wicket";
  /** The other format's word: a wicket under a name that nobody reads would be lost. */
  readonly notWickets: "wickets" | "wicket";
  readonly fielder: (fielder: DocumentValue) => string;
}

/** What one delivery object of a JSON or YAML file says; its place in the match is not in it. */
export type DeliveryContent = Omit<Delivery, "matchId" | "innings" | "over" | "ball" | "battingTeam">;

/**
 * Reads a delivery object. Members that nobody scores by (reviews, replacements, whatever later versions add) are ignored.
 * @throws PoisonError with a reason a person understands.
 */
export function deliveryContent(document: DocumentValue, words: DeliveryWords): DeliveryContent {
  const batter = document.need(words.batter).name();
  const nonStriker = document.need("non_striker").name();
  const runs = document.need("runs");
  const scored = {
    batter: runs.need(words.batter).whole(RUNS_MAX),
    extras: runs.need("extras").whole(RUNS_MAX),
    total: runs.need("total").whole(2 * RUNS_MAX),
  };
  if (scored.total !== scored.batter + scored.extras) {
    throw new PoisonError(`runs do not add up: ${scored.batter} + ${scored.extras}, but the total is ${scored.total}`);
  }
  return {
    batter,
    nonStriker,
    bowler: document.need("bowler").name(),
    runs: scored,
    extras: extrasOf(document.get("extras"), scored.extras),
    nonBoundary: runs.get("non_boundary")?.flag() ?? false,
    wickets: wicketsOf(document, words),
  };
}

const NO_EXTRAS: Extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 };

/** A member that is no kind of extras is passed over, as long as the kinds make up what was given. */
function extrasOf(given: DocumentValue | null, stated: number): Extras {
  const extras: Record<string, number> = { ...NO_EXTRAS };
  let sum = 0;
  for (const kind of Object.keys(NO_EXTRAS)) {
    const count = given?.get(kind)?.whole(RUNS_MAX) ?? 0;
    extras[kind] = count;
    sum += count;
  }
  if (sum !== stated) {
    const unknown = given?.members().find(([name]) => !Object.hasOwn(NO_EXTRAS, name));
    if (unknown !== undefined) throw new PoisonError(`unknown kind of extras ${quoted(unknown[0])}`);
    throw new PoisonError(`extras do not add up: runs.extras is ${stated}, but the kinds of extras make ${sum}`);
  }
  return extras as unknown as Extras;
}

function wicketsOf(document: DocumentValue, words: DeliveryWords): readonly Wicket[] {
  if (document.get(words.notWickets) !== null) {
    throw new PoisonError(`${document.path} has "${words.notWickets}"; this format has "${words.wickets}"`);
  }
  const given = document.get(words.wickets);
  if (given === null) return [];
  const list = words.wickets === "wicket" && !given.isList() ? [given] : given.items();
  const wickets = list.map((wicket) => wicketOf(wicket, words));
  const out = wickets.map(({ playerOut }) => playerOut);
  const twice = out.find((player, index) => out.indexOf(player) !== index);
  if (twice !== undefined) throw new PoisonError(`${quoted(twice)} is out twice on one ball`);
  return wickets;
}

function wicketOf(wicket: DocumentValue, words: DeliveryWords): Wicket {
  const kind = wicket.need("kind").text();
  if (!isWicketKind(kind)) throw new PoisonError(`${wicket.path}: unknown wicket ${quoted(kind)}`);
  return {
    kind,
    playerOut: wicket.need("player_out").name(),
    fielders: (wicket.get("fielders")?.items() ?? []).map(words.fielder),
  };
}
