import { expect, test } from "vitest";
import { Reconciliation } from "../../../src/audit/reconciliation.ts";
import type { AuditReport, Difference } from "../../../src/audit/index.ts";
import { eventIdText, IdentityHasher } from "../../../src/domain/review/identity.ts";
import { type Verdict, zeroCounts } from "../../../src/domain/review/verdict.ts";

const hasher = await IdentityHasher.create();
const INPUTS = [
  { topic: "raw.a", source: "a" },
  { topic: "raw.b", source: "b" },
] as const;

interface Said {
  readonly input: 0 | 1;
  readonly content: string;
  readonly facets: readonly (string | null)[];
  /** What the processor judged. */
  readonly verdict: Verdict;
}

/** Tells one key's story, in the order of judgement, to a reconciliation whose clean stream and warehouse follow the verdicts. */
function audit(story: readonly Said[]): AuditReport {
  const reconciliation = new Reconciliation({ hasher, inputs: INPUTS });
  const next = [0, 0];
  const told = story.map((said) => ({ ...said, offset: next[said.input]!++ }));
  const identityOf = ({ content, facets }: Said): { key: string; content: string; facets: Said["facets"] } => {
    return { key: "d/1", content, facets };
  };
  const payloadOf = ({ content, facets }: Said): string => JSON.stringify([content, facets]);
  for (const said of told) {
    const { source } = INPUTS[said.input];
    const row = { table: "t", id: said.input === 0 ? said.offset : `id${said.offset}` };
    reconciliation.sourceRow({ source, ...row, payload: payloadOf(said), identity: identityOf(said) });
  }
  const counts = new Map(INPUTS.map(({ topic }) => [`${topic}/0`, zeroCounts()]));
  let clean = 0;
  let latest: { eventId: string; said: Said } | undefined;
  for (const said of told) {
    const { topic } = INPUTS[said.input];
    const { offset, verdict } = said;
    const row = { table: "t", id: said.input === 0 ? offset : `id${offset}` };
    reconciliation.rawRecord({
      topic, partition: 0, offset, row, again: false, payload: payloadOf(said), identity: identityOf(said),
      key: Buffer.from("1"), value: Buffer.from(payloadOf(said)),
    }); // prettier-ignore
    const judged = { ...zeroCounts(), [verdict]: 1 };
    counts.get(`${topic}/0`)![verdict]++;
    const entries = verdict === "accepted" ? [] : [{ offset, verdict, eventId: null, firstSeen: null, reason: null }];
    reconciliation.verdictBlock({
      topic, partition: 0, continuesFrom: null, fromOffset: offset, toOffset: offset + 1, lost: false, streamTime: null, counts: judged, entries,
    }); // prettier-ignore
    if (verdict !== "accepted" && verdict !== "correction") continue;
    const words = new Uint32Array(6);
    hasher.identify("d/1", said.content, words, said.facets);
    latest = { eventId: eventIdText(words), said };
    reconciliation.cleanRecord({
      topic: "clean", partition: 0, offset: clean++, key: "1", eventId: latest.eventId, verdict,
      source: { topic, partition: 0, offset }, identity: identityOf(said), loaded: true,
    }); // prettier-ignore
  }
  if (latest !== undefined)
    reconciliation.warehouseRow({
      table: "deliveries",
      label: "d/1",
      eventId: latest.eventId,
      identity: identityOf(latest.said),
    });
  const rows = told.filter(({ verdict }) => verdict !== "accepted").length;
  reconciliation.verdictTables({ counts, rows, quarantined: 0 });
  reconciliation.loaded({ topic: "clean", partition: 0, end: clean, high: clean, next: clean, isLoading: true });
  return reconciliation.finish();
}

const poor = (content: string, verdict: Verdict): Said => ({ input: 0, content, facets: [null], verdict });
const rich = (content: string, facet: string, verdict: Verdict): Said => {
  return { input: 1, content, facets: [facet], verdict };
};
const texts = ({ differences }: AuditReport): string[] =>
  differences.map(({ arrow, text }: Difference) => `${arrow}: ${text}`);

test.each([
  ["the poorer format first", [poor("one", "accepted"), rich("one", "x", "duplicate"), poor("one", "duplicate")]],
  ["the richer format first", [rich("one", "x", "accepted"), poor("one", "duplicate")]],
  [
    "a facet that the first could not carry, then another",
    [poor("one", "accepted"), rich("one", "x", "duplicate"), rich("one", "y", "correction")],
  ],
  [
    "the wrong value again from the other source",
    [poor("bad", "accepted"), poor("one", "correction"), rich("bad", "x", "stale")],
  ],
  [
    "sources that differ for good: the other one has the last word",
    [poor("one", "accepted"), rich("two", "x", "correction"), poor("one", "stale")],
  ],
] as const)("two sources with one match are proved: %s", (_what, story) => {
  const report = audit(story);
  expect(texts(report)).toEqual([]);
  expect(report.proved).toBe(true);
});

test.each([
  [
    "what a format cannot carry made a correction",
    [poor("one", "accepted"), rich("one", "x", "correction")],
    /^review: raw\.b\/0\/0 was judged correction; an independent review says duplicate$/u,
  ],
  [
    "a replaced value of the other source was let through",
    [poor("bad", "accepted"), poor("one", "correction"), rich("bad", "x", "correction")],
    /^review: raw\.b\/0\/0 was judged correction; an independent review says stale$/u,
  ],
  [
    "a true difference was taken for a repetition",
    [poor("one", "accepted"), rich("two", "x", "duplicate")],
    /^review: raw\.b\/0\/0 was judged duplicate; an independent review says correction$/u,
  ],
] as const)("a wrong verdict between two sources is found: %s", (_what, story, found) => {
  expect(texts(audit(story))).toEqual(expect.arrayContaining([expect.stringMatching(found)]));
});
