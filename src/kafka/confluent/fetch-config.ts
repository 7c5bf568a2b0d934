const defaultQueuedBytes = 8 * 1024 * 1024;
const fetchBytesMax = 52_428_800;
const partitionFetchBytesMin = 262_144;
const partitionFetchBytesMax = 1_048_576;

/**
 * Settings that decide speed and memory of fetching (figures: bench/log-copy.ts). `maxQueuedBytes` bounds what is
 * queued as the client counts it; it counts compressed batches before they are inflated, so the size of one answer
 * is kept small as well: with 4 MiB a partition, a well-compressed topic took 450 MB instead of 220.
 * Records larger than these bounds are fetched all the same (KIP-74).
 */
export function fetchConfig(maxQueuedBytes: number = defaultQueuedBytes): Record<string, unknown> {
  return {
    // The default, 1 s, caps a fast reader: once enough is queued, fetching sleeps that long.
    "fetch.queue.backoff.ms": 10,
    "queued.min.messages": 10_000,
    "queued.max.messages.kbytes": Math.max(1_024, Math.ceil(maxQueuedBytes / 1_024)),
    "fetch.max.bytes": Math.max(1_048_576, Math.min(maxQueuedBytes, fetchBytesMax)),
    "max.partition.fetch.bytes": Math.max(
      partitionFetchBytesMin,
      Math.min(Math.floor(maxQueuedBytes / 64), partitionFetchBytesMax),
    ),
    "fetch.wait.max.ms": 100,
    // A batch that was damaged on the way or on a disk must not be judged; off by default.
    "check.crcs": true,
  };
}
