import { decodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import { INPUTS } from "./scenario-types.ts";
import type { World } from "./world.ts";

export type Watch = (incarnation: string, partition: number, position: number) => void;

/**
 * EO-5, at every commit of every process: what is state is committed, by offset and by number (a claim moves no offset).
 * With late markers a commit shows only later.
 */
export function watchStateNotAhead({ broker, scenario, problems }: World, groupId: string): Watch {
  const counted = new Map<string, number>();
  const count = (incarnation: string, partition: number, by: number): number => {
    const key = `${incarnation}/${partition}`;
    const sum = (counted.get(key) ?? 0) + by;
    counted.set(key, sum);
    return sum;
  };
  broker.group(groupId).onCommitted(({ topic, partition, metadata }) => {
    if (topic === INPUTS[0]) count(decodeOffsetMetadata(metadata)!.incarnation, partition, 1);
  });
  return (incarnation, partition, position) => {
    if (scenario.markerDelayMs > 0) return;
    const committed = broker.committedOffset(groupId, { topic: INPUTS[0], partition })?.offset ?? 0;
    if (position > committed)
      problems.push(`EO-5: state of partition ${partition} stands at ${position}, committed is ${committed}`);
    if (count(incarnation, partition, -1) < 0)
      problems.push(`EO-5: ${incarnation} takes a commit of partition ${partition} for done that was not`);
  };
}

/**
 * Who ends another's transaction must have seen that the other is no member, shortly before (a process may be frozen between
 * looking and acting): an owner that lives would lose what it has under way.
 */
export function watchFences(world: World): void {
  const { broker, problems } = world;
  const seenGone = new Map<string, number>();
  const members = (): readonly string[] => broker.group(world.era.groupId).instanceIds;
  broker.faults.after("admin", ({ client }) => {
    for (const name of ["p0", "p1", "p2", "rebuild"])
      if (!members().includes(name)) seenGone.set(`${client.clientId} ${name}`, broker.clock.now());
  });
  broker.faults.before("producer.open", ({ client, producer }) => {
    const owner = producer!.transactionalId.slice(world.era.groupId.length + 1);
    const isOwn = client.clientId.startsWith(`${owner}.`) || client.clientId.startsWith("twin.");
    if (isOwn || !members().includes(owner)) return;
    const seenAt = seenGone.get(`${client.clientId} ${owner}`) ?? -Infinity;
    if (broker.clock.now() - seenAt > 10_000) problems.push(`EO-12: ${client.clientId} fences ${owner}, which lives`);
  });
}
