import { FatalError } from "../domain/errors.ts";
import type { Log, RecordHeaders } from "../kafka/log.ts";
import type { JudgedOrder } from "./judged-order.ts";
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
 * to go on behind the old ones would pass them over.
 */
export function refuseRecreated(judged: JudgedOrder, ids: ReadonlyMap<string, string>, partition: number): void {
  for (const [topic, id] of ids) {
    if ((judged.topicIds.get(topic) ?? id) === id) continue;
    throw new FatalError(`topic ${topic} was deleted and made again since partition ${partition} of it was judged`, {
      remedy:
        "its records are others: give the topology a new name and its processors a new group, which judges all input; what was written so far stays",
    });
  }
}
