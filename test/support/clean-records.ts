import type {
  CleanDeletion,
  CleanDelivery,
  CleanMatch,
  Delivery,
  Match,
  Provenance,
  Wicket,
} from "../../src/domain/cricket/types.ts";
import { VerdictBlockBuilder } from "../../src/domain/review/verdict-block.ts";
import type { RecordBatch, RecordHeaders } from "../../src/kafka/log.ts";
import type { LoaderTopics } from "../../src/loader/index.ts";

/** Clean records as the processor writes them, made up: what the loader is tested with. */
export interface TestRecord {
  readonly offset: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
}

export function topicsNamed(prefix: string): LoaderTopics {
  return {
    deliveries: `${prefix}.deliveries`,
    matches: `${prefix}.matches`,
    verdicts: `${prefix}.verdicts`,
    quarantine: `${prefix}.quarantine`,
    gaps: `${prefix}.gaps`,
  };
}

export function recordBatch(topic: string, partition: number, records: readonly TestRecord[]): RecordBatch {
  const at = (index: number): TestRecord => {
    const record = records[index];
    if (record === undefined) throw new RangeError(`no record ${index}`);
    return record;
  };
  return {
    topic,
    partition,
    length: records.length,
    offset: (index) => at(index).offset,
    timestamp: () => 0,
    key: (index) => at(index).key ?? null,
    value: (index) => at(index).value,
    headers: (index) => at(index).headers,
  };
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

const TEAMS = ["Zimbabwe", "West Indies"] as const;

export function match(matchId: string, change: Partial<Match> = {}): Match {
  return {
    matchId,
    format: "csv2",
    version: "2.3.0",
    matchType: "ODI",
    gender: "male",
    teamType: "international",
    teams: TEAMS,
    season: "2016/17",
    dates: ["2016-11-25"],
    venue: "Queens Sports Club",
    city: "Bulawayo",
    event: null,
    overs: 50,
    ballsPerOver: 6,
    toss: { winner: TEAMS[0], decision: "bat" },
    outcome: { winner: TEAMS[0], by: { runs: 5 } },
    playersOfMatch: ["Sikandar Raza"],
    players: TEAMS.flatMap((team) =>
      [1, 2, 3].map((n) => ({ team, name: `${team} ${n}`, registryId: n === 3 ? null : `${team.length}${n}` })),
    ),
    inningsNotes: [],
    ...change,
  };
}

/** The n-th delivery of a match, n from 0: twenty balls an innings. `flavour` changes its content, not its key. */
export function delivery(matchId: string, n: number, flavour: number = 0): Delivery {
  const innings = 1 + Math.floor(n / 20);
  const ball = n % 20;
  const off = (n * 7 + flavour * 3) % 7;
  const wides = (n + flavour) % 11 === 0 ? 1 : 0;
  const team = TEAMS[(innings - 1) % 2] ?? TEAMS[0];
  const other = TEAMS[innings % 2] ?? TEAMS[1];
  const runsBatter = wides > 0 ? 0 : off;
  const wickets: Wicket[] =
    (n + flavour) % 9 === 8 ? [{ kind: "caught", playerOut: `${team} ${1 + (n % 3)}`, fielders: [`${other} 2`] }] : [];
  return {
    matchId,
    innings,
    over: Math.floor(ball / 6),
    ball: 1 + (ball % 6),
    battingTeam: team,
    batter: `${team} ${1 + (n % 3)}`,
    nonStriker: `${team} ${1 + ((n + 1) % 3)}`,
    bowler: `${other} ${1 + (Math.floor(ball / 6) % 3)}`,
    runs: { batter: runsBatter, extras: wides, total: runsBatter + wides },
    extras: { wides, noballs: 0, byes: 0, legbyes: 0, penalty: 0 },
    nonBoundary: n % 5 === 0 ? null : false,
    wickets,
  };
}

export function provenance(n: number, verdict: Provenance["verdict"] = "accepted"): Provenance {
  return {
    eventId: (n + 1).toString(16).padStart(32, "f"),
    verdict,
    supersedes: verdict === "correction" ? n.toString(16).padStart(32, "0") : null,
    source: { topic: "raw", partition: 0, offset: n, id: `0/${n}`, time: 1_480_060_800_000 + n },
  };
}

export function cleanDelivery(
  value: Delivery,
  n: number = 0,
  verdict: Provenance["verdict"] = "accepted",
): CleanDelivery {
  return { ...provenance(n, verdict), delivery: value };
}

/** By the second edition of its file. */
export function cleanDeletion({ matchId, innings, over, ball }: Delivery, n: number = 0): CleanDeletion {
  return { ...provenance(n, "correction"), delivery: { matchId, innings, over, ball }, deleted: true, edition: 2 };
}

export function cleanMatch(value: Match, n: number = 0): CleanMatch {
  return { ...provenance(n), match: value };
}

/**
 * A verdict block over offsets from … from + total − 1 of `raw/partition`, every fourth record a duplicate. `markers`: so many
 * stand before it.
 */
export function verdictBlock(partition: number, from: number, total: number, markers: number = 0): Buffer {
  const block = new VerdictBlockBuilder("raw", partition, Math.max(0, from - markers), from);
  for (let offset = from; offset < from + total; offset++) {
    if (offset % 4 === 3) block.reject(offset, "duplicate", [1, 2, 3, offset], 0, offset - 1, null);
    else block.accept(offset);
  }
  return Buffer.from(block.encode(1_480_060_800_000));
}

export function quarantined(reason: string, offset: number): { key: Buffer; value: Buffer; headers: RecordHeaders } {
  return {
    key: Buffer.from("1059715"),
    value: Buffer.from([0xff, 0xfe, 0x00, 0x41]),
    headers: [
      ["ce_id", Buffer.from("0/16B3748")],
      ["odd", Buffer.from([0xff])],
      ["tu_reason", Buffer.from(reason)],
      ["tu_topic", Buffer.from("raw")],
      ["tu_partition", Buffer.from("2")],
      ["tu_offset", Buffer.from(String(offset))],
      ["tu_at", Buffer.from("2026-11-21T10:00:00.000Z")],
    ],
  };
}
