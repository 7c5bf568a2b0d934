/** When may an instance that was fenced come back? For sources whose server cannot tell whether somebody else is reading. */
import type { Log, LogReader, TopicPartition } from "../../kafka/log.ts";
import type { SourceTopics } from "./topics.ts";

/** Questions in a row without a sign of life: counted, not timed, because a machine that stands still silences everybody. */
const SILENT_TURNS = 3;
const FETCH_MS = 2000;

export interface Standby {
  /** True when nobody else runs this source any more. @throws RetryableError when that cannot be found out now. */
  isFree(): Promise<boolean>;
  close?(): Promise<void>;
}

export interface QuietOwnerOptions {
  readonly log: Log;
  readonly topics: SourceTopics;
  readonly sourceId: string;
}

/**
 * The `standby` of `runSource`: free once no record of this source has come to the positions topic over three questions in a row
 * (15 s with the defaults). The owner must call `Ownership.beat` while it has nothing to write. Coming back too early is no danger,
 * only a nuisance: the two would fence each other in turn, and each would go on from the other's position.
 */
export function quietOwner({ log, topics, sourceId }: QuietOwnerOptions): Standby {
  const at = { topic: topics.positionsTopic, partition: topics.positionsPartition };
  let from: number | undefined;
  let silent = 0;
  const isFree = async (): Promise<boolean> => {
    const reader = log.reader({ isolation: "read_committed" });
    try {
      await reader.open();
      const { low, high } = await reader.watermarks(at, 10_000);
      const isAlive =
        from === undefined || (await hasSign(reader, { ...at, offset: Math.max(low, from) }, high, sourceId));
      from = high;
      silent = isAlive ? 0 : silent + 1;
      return silent >= SILENT_TURNS;
    } finally {
      await reader.close();
    }
  };
  return { isFree };
}

/** Whether a record of the source lies before `high`; a transaction that is still open also is a sign of somebody. */
async function hasSign(
  reader: LogReader,
  start: TopicPartition & { readonly offset: number },
  high: number,
  sourceId: string,
): Promise<boolean> {
  reader.assign([start]);
  let isFound = false;
  for (let before = -1; reader.position(start) < high && reader.position(start) > before;) {
    before = reader.position(start);
    for (const batch of await reader.fetch(1000, FETCH_MS)) {
      for (let index = 0; index < batch.length; index += 1) isFound ||= batch.key(index)?.toString("utf8") === sourceId;
    }
  }
  return isFound || reader.position(start) < high;
}
