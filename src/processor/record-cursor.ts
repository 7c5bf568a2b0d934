import type { RecordBatch, RecordHeaders } from "../kafka/log.ts";
import type { InputRecord } from "./topology.ts";

/** A view that moves over a batch: one object for all records of a process. */
export class RecordCursor implements InputRecord {
  batch: RecordBatch | undefined;
  index = 0;

  get topic(): string {
    return this.batch!.topic;
  }

  get partition(): number {
    return this.batch!.partition;
  }

  get offset(): number {
    return this.batch!.offset(this.index);
  }

  get timestamp(): number {
    return this.batch!.timestamp(this.index);
  }

  get key(): Buffer | null {
    return this.batch!.key(this.index);
  }

  get value(): Buffer | null {
    return this.batch!.value(this.index);
  }

  get headers(): RecordHeaders | undefined {
    return this.batch!.headers(this.index);
  }
}
