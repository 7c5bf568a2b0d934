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
  /** What the processor judged; `completes` is a duplicate that it flagged. */
  readonly verdict: Verdict | "completes";
}

interface Told {
  /** The blocks are of version 1, and no duplicate is in the clean stream. */
  readonly version1?: boolean;
  /** What the warehouse holds of the facets in the end. */
  readonly holds?: (facets: readonly (string | null)[]) => readonly (string | null)[];
}

/** Tells one key's story, in the order of judgement, to a reconciliation whose clean stream and warehouse follow the verdicts. */
function audit(story: readonly Said[], { version1 = false, holds = (facets) => facets }: Told = {}): AuditReport {
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
    const { offset } = said;
    const completes = said.verdict === "completes";
    const verdict = said.verdict === "completes" ? "duplicate" : said.verdict;
    const row = { table: "t", id: said.input === 0 ? offset : `id${offset}` };
    reconciliation.rawRecord({
      topic, partition: 0, offset, row, again: false, payload: payloadOf(said), identity: identityOf(said),
      key: Buffer.from("1"), value: Buffer.from(payloadOf(said)),
    }); // prettier-ignore
    const judged = { ...zeroCounts(), [verdict]: 1 };
    counts.get(`${topic}/0`)![verdict]++;
    const entries =
      verdict === "accepted"
        ? []
        : [{ offset, verdict, eventId: null, firstSeen: null, reason: null, completes: completes && !version1 }];
    reconciliation.verdictBlock({
      topic, partition: 0, continuesFrom: null, fromOffset: offset, toOffset: offset + 1, lost: false, streamTime: null, completing: version1 ? null : Number(completes), counts: judged, entries,
    }); // prettier-ignore
    if (verdict !== "accepted" && verdict !== "correction" && (!completes || version1)) continue;
    const words = new Uint32Array(6);
    hasher.identify("d/1", said.content, words, said.facets);
    // Laid over what was there before.
    const facets = said.facets.map((facet, at) => facet ?? latest?.said.facets[at] ?? null);
    latest = { eventId: eventIdText(words), said: { ...said, facets } };
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
      identity: { ...identityOf(latest.said), facets: holds(latest.said.facets) },
    });
  const rows = told.filter(({ verdict }) => verdict !== "accepted").length;
  reconciliation.verdictTables({ counts, rows, quarantined: 0 });
  reconciliation.loaded({ topic: "clean", partition: 0, end: clean, high: clean, next: clean, isLoading: true });
  return reconciliation.finish();
}

const poor = (content: string, verdict: Said["verdict"]): Said => ({ input: 0, content, facets: [null], verdict });
const rich = (content: string, facet: string, verdict: Said["verdict"]): Said => {
  return { input: 1, content, facets: [facet], verdict };
};
const texts = ({ differences }: AuditReport): string[] =>
  differences.map(({ arrow, text }: Difference) => `${arrow}: ${text}`);

test.each([
  ["the poorer format first", [poor("one", "accepted"), rich("one", "x", "completes"), poor("one", "duplicate")]],
  ["the richer format first", [rich("one", "x", "accepted"), poor("one", "duplicate")]],
  [
    "a facet that the first could not carry, then another",
    [poor("one", "accepted"), rich("one", "x", "completes"), rich("one", "y", "correction")],
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

test("a correction of a format that knows less may leave in the warehouse what still holds", () => {
  const story = [rich("one", "x", "accepted"), poor("two", "correction")];
  expect(texts(audit(story))).toEqual([]);
  expect(texts(audit(story, { holds: () => [null] }))).toEqual([]);
});

test("blocks of version 1 do not tell which duplicates know more: none of them is asked for", () => {
  const report = audit([poor("one", "accepted"), rich("one", "x", "completes")], { version1: true });
  expect(texts(report)).toEqual([]);
  expect(report.proved).toBe(true);
});

test("completing duplicates are counted among the clean records", () => {
  const clean = audit([poor("one", "accepted"), rich("one", "x", "completes")]).arrows.find(
    ({ name }) => name === "clean",
  );
  expect(clean).toMatchObject({ from: { count: 2 }, to: { count: 2 }, explained: "" });
});

test.each([
  [
    "what a format cannot carry made a correction",
    [poor("one", "accepted"), rich("one", "x", "correction")],
    /^review: raw\.b\/0\/0 was judged correction; an independent review says completes$/u,
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
  [
    "a duplicate that knows more was passed over",
    [poor("one", "accepted"), rich("one", "x", "duplicate")],
    /^review: raw\.b\/0\/0 was judged duplicate; an independent review says completes$/u,
  ],
  [
    "a duplicate that knows nothing more was let through",
    [rich("one", "x", "accepted"), poor("one", "completes")],
    /^review: raw\.a\/0\/0 was judged completes; an independent review says duplicate$/u,
  ],
] as const)("a wrong verdict between two sources is found: %s", (_what, story, found) => {
  expect(texts(audit(story))).toEqual(expect.arrayContaining([expect.stringMatching(found)]));
});

const half = (input: 0 | 1, facets: Said["facets"], verdict: Said["verdict"]): Said => {
  return { input, content: "one", facets, verdict };
};

test.each([
  ["did not take over what a duplicate knew", [poor("one", "accepted"), rich("one", "x", "completes")], [null]],
  ["holds another facet than was told", [poor("one", "accepted"), rich("one", "x", "completes")], ["y"]],
  ["lost what was known before", [half(0, ["p", null], "accepted"), half(1, [null, "x"], "completes")], [null, "x"]],
] as const)("a warehouse that %s is found", (_what, story, holds) => {
  expect(texts(audit(story))).toEqual([]);
  expect(texts(audit(story, { holds: () => holds }))).toContain("warehouse: d/1 is not the latest of the clean stream");
});
