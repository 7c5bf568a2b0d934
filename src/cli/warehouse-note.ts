import type { ReadableWarehouse } from "../loader/index.ts";
import { span } from "./output.ts";

/** Says on stderr what is being read when it is not simply the latest: a snapshot lags the live match by seconds. */
export function noteSource(warehouse: ReadableWarehouse): void {
  if (warehouse.from === "hot" && warehouse.note === "") return;
  const age = span(Math.max(0, Date.now() - warehouse.asOf));
  const why = warehouse.note === "" ? "" : `: ${warehouse.note}`;
  process.stderr.write(`reading ${warehouse.name}, changed ${age} ago${why}\n`);
}
