/** Cricsheet JSON (1.0.0, 1.1.0) as documents: one a delivery, one for what the file says about the match. */
import type { UnreadableLine } from "../csv.ts";
import { digestOfFiles } from "../files.ts";
import type { FolderKind, Notes } from "../folder.ts";
import { listFolders } from "../folder.ts";
import { listWholeFiles } from "./whole-folder.ts";
import { KEPT_BYTES } from "../lines.ts";
import type { Editions, MatchScript, ScriptRow } from "../plan.ts";
import type { Random } from "../../domain/random.ts";
import { otherRuns } from "../slip.ts";
import { parseStrictJson } from "./json-text.ts";
import type { ReadFile } from "./whole-file.ts";
import { UnreadableFile, readOnce, readWhole, sha256 } from "./whole-file.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface T20iDelivery {
  readonly match_id: string;
  /** Number from 1; super overs count on. */
  readonly innings: number;
  /** As the file has it, a number from 0. */
  readonly over: unknown;
  /** The n-th delivery of its over, from 1. */
  readonly ball: number;
  readonly team: unknown;
  /** The delivery object of the file. */
  readonly delivery: unknown;
  /** Of the file, from the second on. */
  readonly edition?: number;
}

/** An edition of the file does not have the delivery any more. */
export interface T20iDeletion extends Pick<T20iDelivery, "match_id" | "innings" | "over" | "ball"> {
  readonly edition: number;
  readonly deleted: true;
}

export interface T20iUnreadable {
  readonly match_id: string;
  readonly file: string;
  readonly line: number;
  /** Base64, cut. */
  readonly raw: string;
  readonly problem: string;
}

export type T20iContent =
  | { readonly kind: "delivery"; readonly document: T20iDelivery | T20iDeletion }
  /** `match`: the file, each innings without its overs. */
  | {
      readonly kind: "match";
      readonly document: { readonly match_id: string; readonly match: Fields; readonly edition?: number };
    }
  | { readonly kind: "unreadable"; readonly document: T20iUnreadable };

const KIND: FolderKind = { format: "json", files: "Cricsheet JSON files (<id>.json)", option: "--t20i" };

/** Parsing takes up to 60 times the text; the largest T20 international has 91 kB. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** A document of MongoDB ends at 16 MiB, and BSON takes up to twelve bytes for one of JSON. */
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** A file without an id for a name is a match if it begins like one. */
const MATCH_START = /"(?:meta|info|innings)"\s*:/u;

/** @param note hears of every file that is not played. @throws FatalError when a folder cannot be read or holds none. */
export async function t20iScripts(
  dirs: readonly string[],
  note: Notes = () => undefined,
): Promise<MatchScript<T20iContent>[]> {
  const found = await listFolders(dirs, KIND, (dir) => listWholeFiles(dir, KIND, note, MATCH_START));
  return found.map(({ matchId, match, progressKey }) => jsonScript(matchId, match.path, progressKey));
}

export function jsonScript(matchId: string, path: string, progressKey: string = matchId): MatchScript<T20iContent> {
  const file = readOnce(() => readWhole(path, MAX_FILE_BYTES, (text) => matchOf(parseStrictJson(text))));
  return {
    matchId,
    progressKey,
    record: async () => recordOf(matchId, await file.first()),
    rows: () => deliveries(matchId, file.again),
    wrong: wrongVersion,
    editions: editionsOf(matchId),
    digest: () => digestOfFiles([path]),
  };
}

interface JsonMatch {
  readonly record: Fields;
  readonly innings: readonly { readonly team: unknown; readonly overs: readonly JsonOver[] }[];
}

interface JsonOver {
  readonly over: unknown;
  readonly deliveries: readonly unknown[];
}

/** What leads to the deliveries must be there; what they hold is for the review. @throws UnreadableFile */
function matchOf(file: unknown): JsonMatch {
  const match = fieldsOf(file, "the file");
  const innings = listOf(match["innings"] ?? [], '"innings"').map((one, n) => fieldsOf(one, `innings ${n + 1}`));
  return {
    record: { ...match, innings: innings.map(({ overs: _, ...rest }) => rest) },
    innings: innings.map((one, n) => ({
      team: one["team"] ?? null,
      overs: listOf(one["overs"] ?? [], `"overs" of innings ${n + 1}`).map((over, m) =>
        overOf(over, `the ${m + 1}. over of innings ${n + 1}`),
      ),
    })),
  };
}

function overOf(value: unknown, what: string): JsonOver {
  const over = fieldsOf(value, what);
  return { over: over["over"] ?? null, deliveries: listOf(over["deliveries"], `"deliveries" of ${what}`) };
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UnreadableFile(`${what} is no JSON object`);
  return value as Fields;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new UnreadableFile(`${what} is no list`);
  return value as unknown[];
}

function recordOf(matchId: string, file: ReadFile<JsonMatch>): ScriptRow<T20iContent> {
  if ("unreadable" in file) return unreadableRow(matchId, file.unreadable, 0);
  return row({ kind: "match", document: { match_id: matchId, match: file.read.record } }, 0);
}

async function* deliveries(
  matchId: string,
  read: () => Promise<ReadFile<JsonMatch>>,
): AsyncGenerator<ScriptRow<T20iContent>> {
  const file = await read();
  if ("unreadable" in file) return;
  let line = 0;
  for (const [n, { team, overs }] of file.read.innings.entries()) {
    // An over that is named twice in one innings goes on where it was, so that no two deliveries share a number.
    const counts = new Map<unknown, number>();
    for (const { over, deliveries } of overs) {
      for (const delivery of deliveries) {
        line += 1;
        const ball = (counts.get(over) ?? 0) + 1;
        counts.set(over, ball);
        yield row(
          { kind: "delivery", document: { match_id: matchId, innings: n + 1, over, ball, team, delivery } },
          line,
        );
      }
    }
  }
}

function editionsOf(matchId: string): Editions<T20iContent> {
  return {
    mark: (content, edition) =>
      content.kind === "unreadable"
        ? content
        : ({ ...content, document: { ...content.document, edition } } as T20iContent),
    keyOf: (content) => (content.kind === "delivery" ? t20iDeliveryKey(content.document) : null),
    deletion: (key, edition) => {
      const [innings = 0, over = 0, ball = 0] = key.split("/").map(Number);
      return { kind: "delivery", document: { match_id: matchId, innings, over, ball, edition, deleted: true } };
    },
  };
}

/** `<innings>/<over>/<ball>`; null where a number is none: such a delivery is in quarantine, and nothing to take back. */
export function t20iDeliveryKey({ innings, over, ball }: Record<"innings" | "over" | "ball", unknown>): string | null {
  const place = [innings, over, ball];
  return place.every((part) => Number.isSafeInteger(part)) ? place.join("/") : null;
}

function row(content: Exclude<T20iContent, { kind: "unreadable" }>, line: number): ScriptRow<T20iContent> {
  const text = JSON.stringify(content.document);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DOCUMENT_BYTES) return { content, bytes: bytes + 100, line, repeatable: true };
  const problem = `${bytes} bytes in one document, over the limit of ${MAX_DOCUMENT_BYTES}; sha256 ${sha256(text)}`;
  const raw = Buffer.from(text.slice(0, KEPT_BYTES));
  const { match_id: matchId } = content.document;
  return unreadableRow(matchId, { file: `${matchId}.json`, line, raw, problem }, line);
}

function unreadableRow(
  matchId: string,
  { file, line, raw, problem }: UnreadableLine,
  at: number,
): ScriptRow<T20iContent> {
  const document = { match_id: matchId, file, line, raw: raw.toString("base64"), problem };
  return { content: { kind: "unreadable", document }, bytes: document.raw.length + 200, line: at, repeatable: false };
}

/** Only a ball without extras and wickets: there the runs off the bat could just be different. */
function wrongVersion(content: T20iContent, random: Random): T20iContent | null {
  const draw = random();
  if (content.kind !== "delivery" || "deleted" in content.document) return null;
  const delivery = content.document.delivery as Fields | null;
  const runs = delivery?.["runs"] as Fields | null | undefined;
  if (delivery?.["extras"] !== undefined || delivery?.["wickets"] !== undefined || runs?.["extras"] !== 0) return null;
  if (runs["total"] !== runs["batter"] || runs["non_boundary"] !== undefined) return null;
  const slip = otherRuns(String(runs["batter"]), draw);
  if (slip === null) return null;
  const wrong = { ...delivery, runs: { ...runs, batter: Number(slip), total: Number(slip) } };
  return { kind: "delivery", document: { ...content.document, delivery: wrong } };
}
