/** Where a change stream stands: the source's position as the positions topic keeps it. */
import type { PositionCodec } from "../kit/index.ts";

/**
 * `snapshot`: documents that were there before the stream are still being copied; after a crash the copy starts over.
 * `stream`: everything up to `token` is in Kafka.
 */
export interface MongoPosition {
  readonly phase: "snapshot" | "stream";
  /** Resume token: `_data` of the change stream, hexadecimal. */
  readonly token: string;
  readonly database: string;
  /** Name of the replica set; "" behind a router, which does not tell. */
  readonly replicaSet: string;
  /** The collections with the ids that MongoDB gave them when they were made: no other database has these. */
  readonly collections: string;
}

export const positionCodec: PositionCodec<MongoPosition> = {
  describe: ({ phase, token, database, replicaSet, collections }) => ({
    phase,
    token,
    time: tokenTimeText(token),
    database,
    replicaSet,
    collections,
  }),
  parse: ({ phase, token, database, replicaSet, collections }) => {
    const isPosition =
      (phase === "snapshot" || phase === "stream") &&
      typeof token === "string" &&
      typeof database === "string" &&
      typeof replicaSet === "string" &&
      typeof collections === "string";
    if (!isPosition) throw new TypeError("fields are missing");
    return { phase, token, database, replicaSet, collections };
  },
};

/** A moment of MongoDB's log: seconds since the Unix epoch, and a counter within the second. */
export interface LogTime {
  readonly seconds: number;
  readonly increment: number;
}

/**
 * The moment at which a token stands. A token is a KeyString whose first field is that timestamp: type byte 0x82, then seconds and
 * counter, four bytes each, big endian. Null for a form that is not known: the server alone may interpret tokens, we only show them.
 */
export function tokenTime(token: string): LogTime | null {
  const [, seconds, increment] = /^82([0-9A-F]{8})([0-9A-F]{8})/iu.exec(token) ?? [];
  if (seconds === undefined || increment === undefined) return null;
  return { seconds: Number.parseInt(seconds, 16), increment: Number.parseInt(increment, 16) };
}

export function isBefore(a: LogTime, b: LogTime): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.increment < b.increment);
}

/** For people: `2026-11-21T06:01:11Z/3`. */
export function timeText({ seconds, increment }: LogTime): string {
  return `${new Date(seconds * 1000).toISOString().replace(".000", "")}/${increment}`;
}

export function tokenTimeText(token: string): string {
  const time = tokenTime(token);
  return time === null ? token.slice(0, 40) : timeText(time);
}
