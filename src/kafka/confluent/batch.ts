import type { RecordBatch, RecordHeaders } from "../log.ts";
import type { ClientMessage } from "./binding.ts";

/** A run of neighbours of one partition in the client's own message array: nothing is copied. */
class MessageRun implements RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly length: number;
  readonly #messages: readonly ClientMessage[];
  readonly #start: number;

  constructor(messages: readonly ClientMessage[], start: number, end: number) {
    const first = messages[start]!;
    this.topic = first.topic;
    this.partition = first.partition;
    this.length = end - start;
    this.#messages = messages;
    this.#start = start;
  }

  offset(index: number): number {
    return this.#messages[this.#start + index]!.offset;
  }

  timestamp(index: number): number {
    return this.#messages[this.#start + index]!.timestamp ?? -1;
  }

  key(index: number): Buffer | null {
    // The client's types allow strings for what is produced; what it delivers is always a Buffer or null.
    return (this.#messages[this.#start + index]!.key ?? null) as Buffer | null;
  }

  value(index: number): Buffer | null {
    return this.#messages[this.#start + index]!.value;
  }

  headers(index: number): RecordHeaders | undefined {
    const headers = this.#messages[this.#start + index]!.headers;
    if (headers === undefined) return undefined;
    return headers.map((header) => {
      const name = Object.keys(header)[0] ?? "";
      return [name, header[name] as Buffer] as const;
    });
  }
}

/** Splits `messages[start, end)` where topic or partition changes; the order of the client is kept. */
export function splitIntoRuns(messages: readonly ClientMessage[], start: number, end: number): RecordBatch[] {
  const runs: RecordBatch[] = [];
  let from = start;
  while (from < end) {
    const { topic, partition } = messages[from]!;
    let to = from + 1;
    while (to < end && messages[to]!.partition === partition && messages[to]!.topic === topic) to++;
    runs.push(new MessageRun(messages, from, to));
    from = to;
  }
  return runs;
}
