/** How a source goes on, from observed facts alone: no I/O here, so that every case can be tested. */
import type { StoredPosition } from "../kit/index.ts";
import type { LogTime, MongoPosition } from "./position.ts";
import { isBefore, timeText, tokenTime } from "./position.ts";

export interface StartFacts {
  /** The last position in Kafka; null when there never was one. */
  readonly stored: StoredPosition<MongoPosition> | null;
  readonly database: string;
  readonly replicaSet: string;
  /** As in `MongoPosition`. */
  readonly collections: string;
  /** The end of the server's log; null when it cannot be compared (a router's is that of several servers). */
  readonly logEnd: LogTime | null;
  /** Why the last session could not go on; null otherwise. */
  readonly distrust: string | null;
}

export type StartDecision =
  | { readonly kind: "resume"; readonly from: StoredPosition<MongoPosition> }
  | {
      readonly kind: "snapshot";
      readonly epoch: number;
      /** Why continuity cannot be proved; null when nothing came before (EO-13). */
      readonly gap: string | null;
    };

export function decideStart(facts: StartFacts): StartDecision {
  const { stored } = facts;
  if (stored === null) return { kind: "snapshot", epoch: 1, gap: null };
  const gap = facts.distrust ?? gapReason(stored.position, facts);
  if (gap !== null) return { kind: "snapshot", epoch: stored.epoch + 1, gap };
  // The copy starts over, with the same event ids. Nothing was streamed yet, so nothing is missing.
  if (stored.position.phase === "snapshot") return { kind: "snapshot", epoch: stored.epoch, gap: null };
  return { kind: "resume", from: stored };
}

function gapReason(position: MongoPosition, facts: StartFacts): string | null {
  const { database, replicaSet, collections, logEnd } = facts;
  if (position.database !== database) return `database ${database} instead of ${position.database}`;
  if (position.replicaSet !== replicaSet) {
    return `another server: replica set ${replicaSet || "unknown"} instead of ${position.replicaSet || "unknown"}`;
  }
  if (position.collections !== collections) {
    return `other collections than before: ${changed(position.collections, collections)} dropped and made anew, or another server`;
  }
  const at = tokenTime(position.token);
  // A snapshot's token stands right behind the log's end, where the next entry will be.
  if (at !== null && logEnd !== null && isBefore({ ...logEnd, increment: logEnd.increment + 1 }, at)) {
    return `the server's log ends at ${timeText(logEnd)}, before our position ${timeText(at)}: it was restored from a backup`;
  }
  return null;
}

/** Names of the collections whose id is another one. */
function changed(before: string, after: string): string {
  const known = new Set(before.split(" "));
  const names = after.split(" ").filter((entry) => !known.has(entry));
  return names.map((entry) => entry.split("=")[0]).join(", ") || "some";
}
