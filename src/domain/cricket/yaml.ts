import { FAILSAFE_SCHEMA, load } from "js-yaml";
import { oneLine } from "../one-line.ts";
import { PoisonError } from "../errors.ts";
import { deliveryContent, type DeliveryWords } from "./delivery-document.ts";
import { DocumentValue, placeOf } from "./document.ts";
import { ballLabel, inningsNumber, matchIdOf, quoted, wholeNumber } from "./fields.ts";
import { matchOf, type MatchWords } from "./match-document.ts";
import type { Delivery, DeliveryPlace, Match } from "./types.ts";

/** What one YAML object holds. `edition`: of its file, from the second on. */
export type YamlFact = { readonly edition?: number } & (
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "match"; readonly match: Match }
  | { readonly kind: "deletion"; readonly delivery: DeliveryPlace }
);

const EDITION_MAX = 999_999;

/** The largest match object is 10 kB, a delivery 400 bytes. Parsing takes up to 60 times the text in memory. */
const TEXT_CHARS_MAX = 256 * 1024;
/** A fielder's name is four levels down, a register id five. */
const DEPTH_MAX = 16;

const DELIVERY_WORDS: DeliveryWords = {
  batter: "batsman",
  wickets: "wicket",
  notWickets: "wickets",
  fielder: (fielder) => fielder.name(),
};

const MATCH_WORDS: MatchWords = {
  format: "yaml",
  checkVersion,
  event: (info) => info.get("competition")?.textOrNull() ?? null,
  innings: (item) => {
    const members = item.members();
    const labelled = members.length === 1 ? members : members.filter(([name]) => isInningsLabel(name));
    const [only, ...more] = labelled;
    if (only === undefined || more.length > 0) {
      throw new PoisonError(`${item.path} has ${labelled.length} labels; expected one`);
    }
    return { innings: only[1], superOver: /\bsuper over\b/iu.test(only[0]) };
  },
};

/** Whether a key is the label of an innings, "1st innings" or "Kent Super Over", and no key that a later version put beside it. */
export function isInningsLabel(name: string): boolean {
  return /\b(?:innings|super over)\b/iu.test(name);
}

/**
 * One object of the store as what it holds: a delivery (`match_id`, `innings` from 1, `team`, `label`, `delivery` as in a
 * Cricsheet YAML file) or a match (`match_id`, `match: {meta, info, innings}`, the innings without their deliveries).
 *
 * With `edition` it is of a later edition of its file; with `deleted: true` in place of `team` and `delivery` that edition does not have the
 * delivery any more.
 *
 * Every scalar is read as text: the label 4.10 is the tenth delivery of its over and not 4.1. Aliases and tags
 * have no place in such an object and are refused, and so are duplicate keys and depths that no file has. A merge key is
 * a key like others.
 *
 * @throws PoisonError with a reason a person understands.
 */
export function parseYamlObject(text: string): YamlFact {
  let root: DocumentValue | undefined;
  try {
    root = new DocumentValue(parse(text), "text", "");
    if (!root.isObject()) throw new PoisonError("the object is no mapping");
    const matchId = matchIdOf(root.need("match_id").text());
    const match = root.get("match");
    const edition = editionOf(root);
    if (match !== null) return { kind: "match", match: matchOf(matchId, match, MATCH_WORDS), ...edition };
    refuseUnreadable(root);
    if (root.get("deleted") !== null) return { kind: "deletion", delivery: deletedOf(matchId, root), ...edition };
    return { kind: "delivery", delivery: deliveryOf(matchId, root), ...edition };
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError((root === undefined ? "" : placeOf(root, PLACE)) + error.message, { cause: error });
  }
}

/** What the feed puts into the store of a file that it could not read: the reason stands in it. */
function refuseUnreadable(root: DocumentValue): void {
  const problem = root.get("problem");
  if (problem === null) return;
  const [file, line] = [root.get("file"), root.get("line")];
  throw new PoisonError(`${file?.text() ?? "a file"}, line ${line?.text() ?? "?"}: ${problem.text()}`);
}

function deliveryOf(matchId: string, root: DocumentValue): Delivery {
  const content = root.get("delivery");
  if (content === null) throw new PoisonError('the object has neither "delivery" nor "match"');
  return {
    matchId,
    innings: inningsNumber(root.need("innings").text(), "innings"),
    ...ballLabel(root.need("label").text(), "label"),
    battingTeam: root.need("team").name(),
    ...deliveryContent(content, DELIVERY_WORDS),
  };
}

function editionOf(root: DocumentValue): { readonly edition?: number } {
  const text = root.get("edition")?.text();
  if (text === undefined) return {};
  const edition = wholeNumber(text, "edition", EDITION_MAX);
  if (edition === 0) throw new PoisonError("edition is 0; the first is 1");
  return { edition };
}

function deletedOf(matchId: string, root: DocumentValue): DeliveryPlace {
  const deleted = root.need("deleted").text();
  if (deleted !== "true") throw new PoisonError(`deleted is ${quoted(deleted)}; expected true`);
  root.need("edition");
  return {
    matchId,
    innings: inningsNumber(root.need("innings").text(), "innings"),
    ...ballLabel(root.need("label").text(), "label"),
  };
}

const PLACE = { match: "match_id", innings: "innings", ball: "label" };

function parse(text: string): unknown {
  if (typeof text !== "string") throw new PoisonError("the object is not text");
  if (text.length > TEXT_CHARS_MAX) {
    throw new PoisonError(`the object has ${text.length} characters; ${TEXT_CHARS_MAX} is the limit`);
  }
  try {
    return load(text, { schema: FAILSAFE_SCHEMA, maxDepth: DEPTH_MAX, maxAliases: 0 });
  } catch (error) {
    // Whatever the parser throws: a text that breaks it is no object of ours.
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const words = /\baliases\b/iu.test(reason) ? "aliases have no place in such an object" : oneLine(reason);
    throw new PoisonError(`it is not YAML: ${words}`, { cause: error });
  }
}

function checkVersion(version: string): void {
  if (!/^0\.(?:5|9\d?)$/u.test(version)) {
    throw new PoisonError(`version ${quoted(version)} is unknown; this reader knows YAML 0.5 and 0.9 to 0.99`);
  }
}
