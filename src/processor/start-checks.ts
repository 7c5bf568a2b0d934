import { FatalError } from "../domain/errors.ts";
import type { LogAdmin, TopicSpec } from "../kafka/log.ts";
import type { Topology } from "./topology.ts";
import { MAX_RECORD_BYTES } from "../kafka/limits.ts";

const DAY_MS = 86_400_000;

/** The topics that a topology owns, with the settings it needs of them. */
export function internalTopics(topology: Topology): TopicSpec[] {
  const { partitions, topics, keep } = topology;
  return [
    {
      name: topics.verdicts,
      partitions,
      cleanup: "delete",
      retentionMs: keep?.verdictsMs ?? 7 * DAY_MS,
      maxMessageBytes: MAX_RECORD_BYTES,
    },
    {
      name: topics.quarantine,
      partitions,
      cleanup: "delete",
      retentionMs: keep?.quarantineMs ?? 30 * DAY_MS,
      maxMessageBytes: MAX_RECORD_BYTES,
    },
    { name: topics.dedupe, partitions, cleanup: "compact", maxMessageBytes: MAX_RECORD_BYTES },
    ...topology.storeNames.map((store): TopicSpec => ({
      name: topics.state(store),
      partitions,
      cleanup: "compact",
      maxMessageBytes: MAX_RECORD_BYTES,
    })),
  ];
}

/**
 * Compares every topic with what the topology needs, and creates what is missing of the internal and output topics. What is there
 * is compared first: topics of a wrong count, made before the input is seen, would be the next error of whoever corrects it.
 * Throws FatalError on a missing input, too few partitions, or a state topic that is not compacted only:
 * each of them would lose or repeat records silently later on. Partitions that were added are left empty (see surplus.ts).
 */
export async function checkTopics(topology: Topology, admin: LogAdmin): Promise<void> {
  const internal = internalTopics(topology);
  const outputs = topology.outputs.map((name): TopicSpec => ({
    name,
    partitions: topology.partitions,
    cleanup: "delete",
    retentionMs: 7 * DAY_MS,
  }));
  const there = await admin.describeTopics([...topology.inputs, ...topology.outputs]);
  for (const name of topology.inputs) expectPartitions(name, there.get(name), topology);
  for (const [name, spec] of there) expectPartitions(name, spec, topology);
  await admin.createTopics([...internal, ...outputs]);
  const found = await admin.describeTopics([
    ...topology.inputs,
    ...topology.outputs,
    ...internal.map((spec) => spec.name),
  ]);
  for (const name of [...topology.inputs, ...topology.outputs]) expectPartitions(name, found.get(name), topology);
  for (const spec of internal) {
    expectPartitions(spec.name, found.get(spec.name), topology);
    const { cleanup } = found.get(spec.name)!;
    if (cleanup !== spec.cleanup) {
      throw new FatalError(`topic ${spec.name} has cleanup.policy ${cleanup}, it must be ${spec.cleanup}`, {
        remedy:
          spec.cleanup === "compact"
            ? "deleting by age would lose state: set cleanup.policy=compact"
            : `set cleanup.policy=${spec.cleanup}`,
      });
    }
  }
}

function expectPartitions(name: string, found: TopicSpec | undefined, topology: Topology): void {
  if (found === undefined) {
    throw new FatalError(`topic ${name} does not exist`, {
      remedy: `create it with ${topology.partitions} partitions`,
    });
  }
  if (found.partitions >= topology.partitions) return;
  throw new FatalError(
    `topic ${name} has ${found.partitions} partitions, topology "${topology.name}" has ${topology.partitions}`,
    {
      // All topics of a topology share one count: keys would land beside their state otherwise.
      remedy: `define the topology with ${found.partitions} partitions (TU_PARTITIONS), or make the topic again with ${topology.partitions}, which loses what is in it`,
    },
  );
}
