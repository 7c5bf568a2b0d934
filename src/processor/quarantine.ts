import type { RecordHeaders } from "../kafka/log.ts";
import type { InputRecord } from "./topology.ts";

/** Headers of a record in quarantine: its own, and behind them why it is there, where it stood, and when (ms) it was put there. */
export function quarantineHeaders(record: InputRecord, reason: string, at: number): RecordHeaders {
  return [
    ...(record.headers ?? []),
    ["tu_reason", Buffer.from(reason)],
    ["tu_topic", Buffer.from(record.topic)],
    ["tu_partition", Buffer.from(String(record.partition))],
    ["tu_offset", Buffer.from(String(record.offset))],
    ["tu_at", Buffer.from(new Date(at).toISOString())],
  ];
}
