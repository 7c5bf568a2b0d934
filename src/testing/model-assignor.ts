/** What a member says when it joins: its name, and the partitions (by key) it holds. */
export interface JoiningMember {
  readonly id: string;
  readonly topics: ReadonlySet<string>;
  readonly owned: ReadonlySet<string>;
}

export interface AssignablePartition {
  readonly key: string;
  readonly topic: string;
}

/**
 * Balanced and sticky: everyone gets the same number of partitions, give or take one, and keeps as many of
 * its own as that allows. A plain stand-in for Kafka's cooperative-sticky assignor: the same promises, not
 * the same choices.
 */
export function stickyAssign(
  partitions: readonly AssignablePartition[],
  members: readonly JoiningMember[],
): Map<string, Set<string>> {
  const assigned = new Map<string, Set<string>>(members.map(({ id }) => [id, new Set()]));
  const count = (member: JoiningMember): number => assigned.get(member.id)!.size;
  const free: AssignablePartition[] = [];
  const fair = Math.ceil(partitions.length / Math.max(1, members.length));
  for (const partition of partitions) {
    const owner = members.find((member) => member.owned.has(partition.key) && member.topics.has(partition.topic));
    if (owner !== undefined && count(owner) < fair) assigned.get(owner.id)!.add(partition.key);
    else free.push(partition);
  }
  const poorest = (topic: string): JoiningMember | undefined =>
    members
      .filter(({ topics }) => topics.has(topic))
      .reduce<JoiningMember | undefined>(
        (least, member) => (least && count(least) <= count(member) ? least : member),
        undefined,
      );
  for (const { key, topic } of free) {
    const member = poorest(topic);
    if (member !== undefined) assigned.get(member.id)!.add(key);
  }
  for (const partition of partitions) level(partition, members, assigned);
  return assigned;
}

/** Moves one partition from a member that has two more than another one. */
function level(
  { key, topic }: AssignablePartition,
  members: readonly JoiningMember[],
  assigned: ReadonlyMap<string, Set<string>>,
): void {
  const owner = members.find(({ id }) => assigned.get(id)!.has(key));
  if (owner === undefined) return;
  const have = assigned.get(owner.id)!;
  const other = members.find(({ id, topics }) => topics.has(topic) && assigned.get(id)!.size < have.size - 1);
  if (other === undefined) return;
  have.delete(key);
  assigned.get(other.id)!.add(key);
}
