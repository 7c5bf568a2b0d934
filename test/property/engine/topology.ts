import type { Verdict } from "../../../src/domain/review/verdict.ts";
import { defineTopology, jsonCodec, type StoreSpec, type Topology } from "../../../src/processor/index.ts";
import type { Fact } from "./reference.ts";
import { INPUTS, PARTITIONS, type Scenario } from "./scenario-types.ts";

/** Sum of the latest contents of the keys of a bucket: a fold that a correction must retract from (EO-10). */
const last: StoreSpec<{ c: number }> = { name: "last", value: jsonCodec() };
const totals: StoreSpec<{ sum: number; n: number }> = { name: "totals", value: jsonCodec() };

export function simulationTopology(
  scenario: Pick<Scenario, "retentionMs" | "latenessMs" | "deletes">,
  name: string,
): Topology<Fact> {
  return defineTopology<Fact>({
    name,
    inputs: INPUTS,
    outputs: ["out", "folded"],
    partitions: PARTITIONS,
    review: {
      retention: scenario.retentionMs === null ? "unbounded" : { ms: scenario.retentionMs },
      ...(scenario.latenessMs === null ? {} : { allowedLatenessMs: scenario.latenessMs }),
    },
    stores: [last, totals],
    decode: (record) => {
      const fact: Fact = JSON.parse(record.value!.toString());
      if (fact.content === null) throw new RangeError("no content");
      return fact;
    },
    identify: (fact) => ({
      key: `k/${fact.key}`,
      content: `c/${fact.content}`,
      facets: fact.facets.map((facet) => (facet === null ? null : `f/${facet}`)),
    }),
    eventTime: (fact) => fact.time,
    version: (fact) => fact.version,
    ...(scenario.deletes && { deleted: (fact: Fact) => fact.deleted === true }),
    process: (fact, record, context) => {
      const bucket = `b/${fact.key % 3}`;
      const key = `k/${fact.key}`;
      const before = context.verdict === "correction" ? context.store(last).get(key) : undefined;
      const total = context.store(totals).get(bucket) ?? { sum: 0, n: 0 };
      // A key that was forgotten is accepted again: what it said before stays in the fold.
      const added = context.deleted ? undefined : { c: fact.content! };
      context.store(totals).put(bucket, {
        sum: total.sum - (before?.c ?? 0) + (added?.c ?? 0),
        n: total.n - (before === undefined ? 0 : 1) + (added === undefined ? 0 : 1),
      });
      if (added === undefined) context.store(last).delete(key);
      else context.store(last).put(key, added);
      const text = cleanText(record.topic, record.offset, context.verdict, fact, context.deleted);
      context.emit("out", Buffer.from(key), Buffer.from(text));
    },
    complete: (fact, record, context) => {
      context.emit(
        "out",
        Buffer.from(`k/${fact.key}`),
        Buffer.from(cleanText(record.topic, record.offset, "duplicate", fact)),
      );
    },
    beforeCommit: (context) => {
      for (const bucket of context.changed(totals)) {
        context.emit("folded", Buffer.from(bucket), Buffer.from(JSON.stringify(context.store(totals).get(bucket))));
      }
    },
  });
}

/** A clean record as the topology emits it. */
export function cleanText(
  topic: string,
  offset: number,
  verdict: Verdict,
  { content, facets }: Fact,
  deleted = false,
): string {
  return JSON.stringify(deleted ? { topic, offset, verdict, deleted } : { topic, offset, verdict, content, facets });
}
