import { FatalError } from "../domain/errors.ts";
import type { Log, RecordHeaders } from "../kafka/log.ts";
import type { Topology } from "./topology.ts";

/** Header of a verdict block: the broker's id of the topic whose records it judges. */
const HEADER = "tu_topic_id";

/** The broker's ids of the inputs, by topic. */
export async function topicIdsOf(log: Log, topology: Topology): Promise<ReadonlyMap<string, string>> {
  const admin = log.admin();
  try {
    const found = await admin.describeTopics(topology.inputs);
    return new Map([...found].flatMap(([name, { id }]) => (id === undefined ? [] : [[name, id]])));
  } finally {
    await admin.close();
  }
}

export function topicIdHeaders(id: string | undefined): RecordHeaders | undefined {
  return id === undefined ? undefined : [[HEADER, Buffer.from(id)]];
}

export function topicIdIn(headers: RecordHeaders | undefined): string | undefined {
  return headers?.find(([name]) => name === HEADER)?.[1].toString();
}

/**
 * A topic that is deleted takes the group's offsets of it along. One that was made again under its name has other records:
 * to go on behind the old ones would pass them over. `before`: the ids when the partition was judged.
 */
export function refuseRecreated(
  before: ReadonlyMap<string, string>,
  ids: ReadonlyMap<string, string>,
  partition: number,
): void {
  refuseOthers(before, ids, `since partition ${partition} of it was judged`);
}

/** The inputs of a running processor. */
export class InputIds {
  readonly #log: Log;
  readonly #topology: Topology;
  #ids: ReadonlyMap<string, string> = new Map();

  constructor(log: Log, topology: Topology) {
    this.#log = log;
    this.#topology = topology;
  }

  /** The ids of the inputs. Throws FatalError when one of them is not what it was before. */
  async look(): Promise<ReadonlyMap<string, string>> {
    const found = await topicIdsOf(this.#log, this.#topology);
    refuseOthers(this.#ids, found, "while this processor ran");
    // A topic that is away for a moment is remembered.
    this.#ids = new Map([...this.#ids, ...found]);
    return this.#ids;
  }

  /** What is read. An offset that an input does not have may be that of another topic of its name: this is said first. */
  async explain<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof FatalError) await this.look();
      throw error;
    }
  }
}

function refuseOthers(before: ReadonlyMap<string, string>, ids: ReadonlyMap<string, string>, when: string): void {
  for (const [topic, id] of ids) {
    if ((before.get(topic) ?? id) === id) continue;
    throw new FatalError(`topic ${topic} was deleted and made again ${when}`, {
      remedy:
        "its records are others: give the topology a new name and its processors a new group, which judges all input; what was written so far stays",
    });
  }
}
