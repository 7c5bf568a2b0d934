import type { SourceEvent, Unreadable } from "../../../sources/kit/index.ts";

/** An `….unreadable.v1` event: always quarantined, with the reason that it gives. */
export function unreadableEvent(type: string, { key, file, line, raw, problem }: Unreadable): SourceEvent {
  const value = { match_id: key, file, line, raw: raw.toString("base64"), problem };
  return { type, contentType: "application/json", value: Buffer.from(JSON.stringify(value)) };
}
