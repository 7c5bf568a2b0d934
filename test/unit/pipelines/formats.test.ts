import { describe, expect, it } from "vitest";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import type { Delivery, Match, Provenance } from "../../../src/domain/cricket/types.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { matchFiles, readAnyMatch, type ReadMatch } from "../../support/cricket-files.ts";
import { CricketPipeline, rawRecord, type RawRecord, review } from "../../support/cricket-pipeline.ts";
import {
  csv1Info,
  csv1Row,
  csv2Info,
  csv2Row,
  jsonDelivery,
  jsonMatch,
  yamlDelivery,
  yamlMatch,
} from "../../support/cricket-writers.ts";
import { rawCsv1, rawCsv2 } from "../../support/raw-matches.ts";

/* The same match from two sources in two formats is one match (EO-2). */

interface Form {
  readonly delivery: (d: Delivery) => RawRecord;
  readonly match: (m: Match) => RawRecord;
}

const csv2 = (version: "2.1" | "2.3"): Form => ({
  delivery: (d) => rawRecord(CRICKET_EVENT.odiDelivery, d.matchId, csv2Row(d, version)),
  match: (m) => rawRecord(CRICKET_EVENT.odiMatch, m.matchId, { match_id: m.matchId, info: csv2Info(m, version) }),
});

const FORMS = {
  csv1: {
    delivery: (d) => rawRecord(CRICKET_EVENT.odiCsv1Delivery, d.matchId, csv1Row(d)),
    match: (m) => rawRecord(CRICKET_EVENT.odiCsv1Match, m.matchId, { match_id: m.matchId, info: csv1Info(m) }),
  },
  "csv2 2.1": csv2("2.1"),
  "csv2 2.3": csv2("2.3"),
  json: {
    delivery: (d) => rawRecord(CRICKET_EVENT.t20iDelivery, d.matchId, jsonDelivery(d)),
    match: (m) => rawRecord(CRICKET_EVENT.t20iMatch, m.matchId, jsonMatch(m)),
  },
  yaml: {
    delivery: (d) => rawRecord(CRICKET_EVENT.testObject, d.matchId, yamlDelivery(d)),
    match: (m) => rawRecord(CRICKET_EVENT.testObject, m.matchId, yamlMatch(m)),
  },
} as const satisfies Record<string, Form>;
type FormName = keyof typeof FORMS;
const NAMES = Object.keys(FORMS) as FormName[];
const PAIRS = NAMES.flatMap((one) => NAMES.filter((other) => other !== one).map((other) => [one, other] as const));

const T20I = packageFile("data/t20i");

function records(form: FormName, { match, deliveries }: ReadMatch): readonly RawRecord[] {
  const { delivery, match: whole } = FORMS[form];
  return [whole(match), ...deliveries.map(delivery)];
}

/** A match with something in every part that the formats carry or do not. */
const read = readAnyMatch(T20I, "951373.json");
const count = read.deliveries.length + 1;

describe("one match in two formats", () => {
  it.each(PAIRS)("is one: %s, then %s", async (first, second) => {
    const pipeline = await review(records(first, read), records(second, read));
    expect(pipeline.counts()).toEqual({
      accepted: count,
      duplicate: count,
      correction: 0,
      stale: 0,
      late: 0,
      poison: 0,
    });
    const accepted = (clean: readonly Provenance[]): number =>
      clean.filter(({ verdict }) => verdict === "accepted").length;
    expect(accepted(pipeline.deliveries())).toBe(read.deliveries.length);
    expect(accepted(pipeline.matches())).toBe(1);
    expect(pipeline.deliveries().length + pipeline.matches().length - count).toBe(pipeline.completing());
  });

  it.each(PAIRS)("is one when they come together: %s and %s", async (first, second) => {
    const pipeline = await CricketPipeline.start();
    const [one, other] = [records(first, read), records(second, read)];
    try {
      // Both ahead of the other in turn, and side by side within one transaction.
      for (let at = 0; at < count; at += 20) {
        const parts = [one.slice(at, at + 20), other.slice(at, at + 20)];
        const [ahead, behind] = at % 40 === 0 ? parts : parts.toReversed();
        pipeline.append(ahead!.slice(0, 7));
        await pipeline.judged();
        pipeline.append(behind!);
        pipeline.append(ahead!.slice(7));
      }
      await pipeline.judged();
    } finally {
      await pipeline.stop();
    }
    expect(pipeline.counts()).toEqual({
      accepted: count,
      duplicate: count,
      correction: 0,
      stale: 0,
      late: 0,
      poison: 0,
    });
    const keys = pipeline.deliveries().map(({ delivery: { innings, over, ball } }) => `${innings}/${over}.${ball}`);
    expect(new Set(keys).size).toBe(read.deliveries.length);
  });

  it.each(matchFiles(T20I))("is one in all five, from the poorest to the richest and back: %s", async (file) => {
    const whole = readAnyMatch(T20I, file);
    const all = NAMES.map((name) => records(name, whole));
    const pipeline = await review(...all, ...all.toReversed());
    const facts = whole.deliveries.length + 1;
    expect(pipeline.counts()).toEqual({
      accepted: facts,
      duplicate: 9 * facts,
      correction: 0,
      stale: 0,
      late: 0,
      poison: 0,
    });
  });

  it.each(["238200", "366627"])("is one in the files of Cricsheet, csv1 and csv2: %s", async (id) => {
    for (const [first, second] of [
      [rawCsv1(id), rawCsv2(id)],
      [rawCsv2(id), rawCsv1(id)],
    ] as const) {
      const pipeline = await review(first, second);
      expect(first).toHaveLength(second.length);
      expect(pipeline.counts()).toMatchObject({ accepted: first.length, duplicate: first.length, poison: 0 });
    }
  });
});

describe("what truly differs", () => {
  const ball = read.deliveries.find(
    ({ runs, wickets }) => runs.total === 1 && runs.batter === 1 && wickets.length === 0,
  )!;
  const two: Delivery = { ...ball, runs: { batter: 2, extras: 0, total: 2 } };
  const inputs = {
    csv1: "odiRaw",
    "csv2 2.1": "odiRaw",
    "csv2 2.3": "odiRaw",
    json: "t20iRaw",
    yaml: "testRaw",
  } as const;
  const last = (pipeline: CricketPipeline, form: FormName): string | undefined =>
    pipeline.verdicts(CRICKET_TOPICS[inputs[form]]).at(-1);

  it.each(PAIRS)(
    "is a correction, and what it supersedes is stale, unless a source takes its own word back: %s, corrected by %s",
    async (one, other) => {
      const pipeline = await CricketPipeline.start();
      const verdicts: (string | undefined)[] = [];
      try {
        for (const [form, content] of [
          [one, ball],
          [other, two],
          [one, ball],
          [other, ball],
          [one, two],
        ] as const) {
          pipeline.append([FORMS[form].delivery(content)]);
          await pipeline.judged();
          verdicts.push(last(pipeline, form));
        }
      } finally {
        await pipeline.stop();
      }
      // The forms of one source have said it before; another source says it for the first time, and the latest word is its own.
      const isOneSource = inputs[one] === inputs[other];
      expect(verdicts).toEqual(
        isOneSource
          ? ["accepted", "correction", "stale", "stale", "duplicate"]
          : ["accepted", "correction", "stale", "correction", "stale"],
      );
      const clean = pipeline.deliveries();
      const changes = clean.filter(({ verdict }) => verdict !== "duplicate");
      expect(changes.map(({ delivery }) => delivery.runs.total)).toEqual(isOneSource ? [1, 2] : [1, 2, 1]);
      expect(clean[1]?.supersedes).toBe(clean[0]?.eventId);
    },
  );

  it("is seen in what only a later format told", async () => {
    const bye: Delivery = {
      ...ball,
      runs: { batter: 0, extras: 1, total: 1 },
      extras: { wides: 0, noballs: 0, byes: 1, legbyes: 0, penalty: 0 },
    };
    const legbye: Delivery = { ...bye, extras: { wides: 0, noballs: 0, byes: 0, legbyes: 1, penalty: 0 } };
    const pipeline = await review(
      [FORMS.csv1.delivery(bye)],
      [FORMS.json.delivery(bye)],
      [FORMS.yaml.delivery(legbye)],
      [FORMS.csv1.delivery(bye)],
    );
    expect(pipeline.verdicts(CRICKET_TOPICS.odiRaw)).toEqual(["accepted", "duplicate"]);
    expect(pipeline.verdicts(CRICKET_TOPICS.t20iRaw)).toEqual(["duplicate"]);
    expect(pipeline.verdicts(CRICKET_TOPICS.testRaw)).toEqual(["correction"]);
  });
});
