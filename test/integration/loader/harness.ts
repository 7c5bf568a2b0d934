import { randomUUID } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { expect } from "vitest";
import type { CleanDelivery } from "../../../src/domain/cricket/types.ts";
import { partitionFor } from "../../../src/domain/partition.ts";
import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { IndefiniteCommitError, type Log, type TransactionalProducer, WriteBatch } from "../../../src/kafka/log.ts";
import type { LoaderTopics } from "../../../src/loader/index.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { brokers } from "../kafka/harness.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  topicsNamed,
  verdictBlock,
} from "../../support/clean-records.ts";

export const PARTITIONS = 3;
/** Deliveries of a test match: two innings. */
const BALLS = 40;

export interface Clean {
  readonly log: Log;
  readonly topics: LoaderTopics;
  readonly prefix: string;
}

export async function cleanTopics(): Promise<Clean> {
  const prefix = `loader-${randomUUID().slice(0, 8)}`;
  const log = wireReadingLog({ brokers: brokers(), clientId: prefix });
  const topics = topicsNamed(prefix);
  await createTopics({ log, topics, prefix });
  return { log, topics, prefix };
}

export async function createTopics({ log, topics }: Clean): Promise<void> {
  const admin = log.admin();
  const names = Object.values(topics) as string[];
  await admin.createTopics(
    names.map((name) => ({ name, partitions: name === topics.gaps ? 1 : PARTITIONS, cleanup: "delete" as const })),
  );
  await admin.close();
}

/**
 * Writes whole matches as the processor would: per transaction the record and some deliveries of a match, corrections
 * of earlier ones, and a verdict block (`judged`; only once a topic: it begins at offset 0). Every seventh transaction is
 * aborted, and written again.
 */
export async function produceMatches(
  clean: Clean,
  matchIds: readonly string[],
  options: { judged?: boolean } = {},
): Promise<void> {
  const openProducer = async (): Promise<TransactionalProducer> => {
    const opened = clean.log.producer({ transactionalId: `${clean.prefix}-p`, transactionTimeoutMs: 30_000 });
    await opened.open();
    return opened;
  };
  let producer = await openProducer();
  const judged: number[] = Array.from({ length: PARTITIONS }, () => 0);
  let transactions = 0;
  for (const matchId of matchIds) {
    const key = Buffer.from(matchId);
    const partition = partitionFor(key, PARTITIONS);
    for (let from = 0; from < BALLS; from += 10) {
      const batch = new WriteBatch();
      const put = (topic: string, value: Buffer): void => {
        batch.append(topic, partition, key, value);
      };
      if (from === 0) put(clean.topics.matches, json(cleanMatch(match(matchId))));
      for (let n = from; n < from + 10; n++) put(clean.topics.deliveries, json(cleanDelivery(delivery(matchId, n), n)));
      if (from > 0)
        put(clean.topics.deliveries, json(cleanDelivery(delivery(matchId, from - 3, 2), from, "correction")));
      const start = judged[partition] ?? 0;
      if (options.judged !== false) put(clean.topics.verdicts, verdictBlock(partition, start, 12, 1));
      if (transactions++ % 7 === 6) {
        await producer.begin();
        await producer.write(batch);
        try {
          await producer.abort();
        } catch (error) {
          if (!(error instanceof IndefiniteCommitError)) throw error;
          // The next one with the same id ends what was open.
          await producer.close();
          producer = await openProducer();
        }
      }
      await producer.begin();
      await producer.write(batch);
      await producer.commit();
      judged[partition] = start + 13;
    }
  }
  await producer.close();
}

export interface LoggedDelivery {
  readonly partition: number;
  readonly offset: number;
  readonly clean: CleanDelivery;
}

/** Every delivery of the topic, as a read_committed reader sees it. */
export async function committedDeliveries({ log, topics }: Clean): Promise<LoggedDelivery[]> {
  const reader = log.reader({ isolation: "read_committed" });
  await reader.open();
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: topics.deliveries, partition }));
  const highs = await Promise.all(
    partitions.map(async (partition) => (await reader.watermarks(partition, 10_000)).high),
  );
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  const found: LoggedDelivery[] = [];
  while (partitions.some((partition, n) => reader.position(partition) < (highs[n] ?? 0))) {
    for (const batch of await reader.fetch(10_000, 500)) {
      for (let index = 0; index < batch.length; index++) {
        const clean = JSON.parse(batch.value(index)?.toString("utf8") ?? "") as CleanDelivery;
        found.push({ partition: batch.partition, offset: batch.offset(index), clean });
      }
    }
  }
  await reader.close();
  return found;
}

export async function select(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/**
 * EO-9: the rows are exactly the topic up to the stored offsets, each key with its latest content, and the marts are
 * exactly what those rows make. Returns how many records the warehouse has.
 */
export async function expectPrefix(
  connection: DuckDBConnection,
  logged: readonly LoggedDelivery[],
  topics: LoaderTopics,
): Promise<number> {
  const offsets = await select(
    connection,
    `SELECT partition, next_offset FROM offsets WHERE topic = '${topics.deliveries}'`,
  );
  const next = new Map(offsets.map(([partition, offset]) => [Number(partition), Number(offset)]));
  const latest = new Map<string, LoggedDelivery>();
  let records = 0;
  for (const record of logged) {
    if (record.offset >= (next.get(record.partition) ?? 0)) continue;
    records++;
    const { matchId, innings, over, ball } = record.clean.delivery;
    latest.set(`${matchId}/${innings}/${over}/${ball}`, record);
  }
  const rows = await select(
    connection,
    "SELECT match_id, innings, over_no, ball_no, log_partition, log_offset::INTEGER, runs_total FROM deliveries ORDER BY ALL",
  );
  const expected = [...latest.values()].map(({ partition, offset, clean: { delivery: ball } }) => [
    ball.matchId,
    ball.innings,
    ball.over,
    ball.ball,
    partition,
    offset,
    ball.runs.total,
  ]);
  const asText = (lines: readonly unknown[][]): string[] => lines.map((line) => line.join(" ")).toSorted();
  expect(asText(rows)).toEqual(asText(expected));
  const unequal = await select(
    connection,
    "SELECT match_id, innings FROM (SELECT match_id, innings, sum(runs_total) AS runs, count(*) AS balls FROM deliveries GROUP BY ALL) d " +
      "FULL JOIN innings i USING (match_id, innings) WHERE i.runs IS DISTINCT FROM d.runs OR i.deliveries IS DISTINCT FROM d.balls",
  );
  expect(unequal).toEqual([]);
  const stray = await select(
    connection,
    "SELECT 'twice', input_topic, input_partition, from_offset FROM verdict_counts GROUP BY ALL HAVING count(*) > 1 " +
      "UNION ALL SELECT 'twice', input_topic, input_partition, input_offset FROM verdicts GROUP BY ALL HAVING count(*) > 1 " +
      `UNION ALL SELECT 'beyond', topic, partition, log_offset FROM verdict_counts JOIN offsets ON partition = log_partition AND topic = '${topics.verdicts}' WHERE log_offset >= next_offset`,
  );
  expect(stray).toEqual([]);
  return records;
}

export async function marts(connection: DuckDBConnection): Promise<unknown[][][]> {
  return [
    await select(connection, "SELECT * FROM innings ORDER BY ALL"),
    await select(connection, "SELECT * FROM batting ORDER BY ALL"),
    await select(connection, "SELECT * FROM bowling ORDER BY ALL"),
  ];
}

/** The marts as they stand equal those made anew from the deliveries. Needs a connection that may write. */
export async function expectMartsAsRebuilt(connection: DuckDBConnection): Promise<void> {
  const incremental = await marts(connection);
  await rebuildMarts(connection);
  expect(await marts(connection)).toEqual(incremental);
}
