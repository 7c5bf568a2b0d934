/** Types for `both()`, which `@types/pg-copy-streams` leaves out. */
import type { Connection, Submittable } from "pg";
import type { Duplex, DuplexOptions } from "node:stream";

export interface CopyBothStream extends Duplex, Submittable {
  submit(connection: Connection): void;
}

declare module "pg-copy-streams" {
  export function both(text: string, options?: DuplexOptions & { alignOnCopyDataFrame?: boolean }): CopyBothStream;
}
