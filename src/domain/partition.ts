/**
 * The partition of a key: FNV-1a, 32 bits (Fowler, Noll, Vo), modulo the partition count. Our own and
 * pinned, because each Kafka client hashes keys differently and a drifting partitioner would split the
 * dedupe state of a key (docs/decisions/0003).
 */
export function partitionFor(key: Uint8Array, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of key) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}
