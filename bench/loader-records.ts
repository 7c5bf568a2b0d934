import { createHash } from "node:crypto";
import { parseCsv1Delivery, parseCsv1Match } from "../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../src/domain/cricket/csv2.ts";
import { parseJsonDelivery, parseJsonMatch } from "../src/domain/cricket/json.ts";
import { CRICKET_TOPICS } from "../src/domain/cricket/topics.ts";
import type { CleanDelivery, CleanMatch, Delivery, Match, Provenance } from "../src/domain/cricket/types.ts";
import { parseYamlObject } from "../src/domain/cricket/yaml.ts";
import {
  type MatchScript,
  type OdiContent,
  odiScripts,
  type T20iContent,
  t20iScripts,
  type TestContent,
  testScripts,
} from "../src/feed/index.ts";
import { CSV1_COLUMNS, CSV2_COLUMNS } from "../src/pipelines/cricket/sources/odi.ts";

export interface MatchFolders {
  readonly odi: readonly string[];
  readonly t20i: readonly string[];
  readonly test: readonly string[];
}

/** A clean record as the processor writes it; `correction` only for deliveries. */
export interface CleanRecord {
  readonly kind: "match" | "delivery";
  readonly matchId: string;
  readonly value: CleanMatch | CleanDelivery;
}

type Fact = { readonly match: Match } | { readonly delivery: Delivery };
type Source = (typeof CRICKET_TOPICS)["odiRaw" | "t20iRaw" | "testRaw"];

interface MatchFile {
  readonly matchId: string;
  readonly source: Source;
  facts(): AsyncGenerator<Fact>;
}

/** Of this share of deliveries a first content was wrong, and is corrected some balls later. */
const CORRECTIONS = 200;
const CORRECTED_BALLS_LATER = 5;
const REMEMBERED_FILES = 60;

/**
 * At least `deliveries` deliveries of the matches in these folders, `atOnce` matches side by side, ball by ball in turn. Where the
 * folders do not hold enough, their matches are played again under other ids.
 */
export async function* cleanRecords(
  folders: MatchFolders,
  deliveries: number,
  atOnce: number,
): AsyncGenerator<CleanRecord> {
  const files = await matchFiles(folders);
  const open: AsyncGenerator<CleanRecord>[] = [];
  let opened = 0;
  let written = 0;
  for (;;) {
    while (open.length < atOnce && written < deliveries) {
      const round = Math.floor(opened / files.length);
      open.push(playMatch(files[opened++ % files.length]!, round === 0 ? "" : `x${round}`));
    }
    if (open.length === 0) return;
    for (const match of [...open]) {
      const next = await match.next();
      if (next.done === true) {
        open.splice(open.indexOf(match), 1);
        continue;
      }
      if (next.value.kind === "delivery") written++;
      yield next.value;
    }
  }
}

async function* playMatch({ source, facts }: MatchFile, suffix: string): AsyncGenerator<CleanRecord> {
  let position = 0;
  const stamp = (key: string, verdict: Provenance["verdict"], supersedes: string | null): Provenance => ({
    eventId: hex(key),
    verdict,
    supersedes,
    source: { topic: source, partition: 0, offset: position++, id: positionText(source, key), time: 1.7e12 + position },
  });
  const wrong: { readonly at: number; readonly delivery: Delivery; readonly eventId: string }[] = [];
  let balls = 0;
  for await (const fact of facts()) {
    if ("match" in fact) {
      const match = { ...fact.match, matchId: fact.match.matchId + suffix };
      yield { kind: "match", matchId: match.matchId, value: { ...stamp(match.matchId, "accepted", null), match } };
      continue;
    }
    const delivery = { ...fact.delivery, matchId: fact.delivery.matchId + suffix };
    const { matchId } = delivery;
    const key = `${matchId}/${delivery.innings}/${delivery.over}/${delivery.ball}`;
    const slip = ++balls % CORRECTIONS === 0 && delivery.wickets.length === 0;
    const first = slip ? { ...delivery, runs: { ...delivery.runs, total: delivery.runs.total + 1 } } : delivery;
    const provenance = stamp(slip ? `${key}?` : key, "accepted", null);
    if (slip) wrong.push({ at: balls + CORRECTED_BALLS_LATER, delivery, eventId: provenance.eventId });
    yield { kind: "delivery", matchId, value: { ...provenance, delivery: first } };
    if (wrong[0] !== undefined && wrong[0].at <= balls) {
      const { delivery: right, eventId } = wrong.shift()!;
      const again = stamp(`${matchId}/${right.innings}/${right.over}/${right.ball}`, "correction", eventId);
      yield { kind: "delivery", matchId, value: { ...again, delivery: right } };
    }
  }
}

async function matchFiles({ odi, t20i, test }: MatchFolders): Promise<MatchFile[]> {
  const lists = [
    (await odiScripts(odi)).map((script) => fileOf(script, CRICKET_TOPICS.odiRaw, odiFact)),
    (await t20iScripts(t20i)).map((script) => fileOf(script, CRICKET_TOPICS.t20iRaw, t20iFact)),
    (await testScripts(test)).map((script) => fileOf(script, CRICKET_TOPICS.testRaw, testFact)),
  ];
  // In turn, as three sources play at the same time.
  const longest = Math.max(...lists.map((list) => list.length));
  const files = Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list[n] ?? [])).flat();
  return files.length <= REMEMBERED_FILES ? files.map(remembered) : files;
}

/** A few files that are played again and again are parsed once. */
function remembered(file: MatchFile): MatchFile {
  let facts: Promise<Fact[]> | undefined;
  const read = async (): Promise<Fact[]> => {
    const all: Fact[] = [];
    for await (const fact of file.facts()) all.push(fact);
    return all;
  };
  return {
    ...file,
    async *facts(): AsyncGenerator<Fact> {
      yield* await (facts ??= read());
    },
  };
}

function fileOf<C>(script: MatchScript<C>, source: Source, toFact: (content: C) => Fact): MatchFile {
  return {
    matchId: script.matchId,
    source,
    async *facts(): AsyncGenerator<Fact> {
      yield toFact((await script.record()).content);
      for await (const { content } of script.rows()) yield toFact(content);
    },
  };
}

function odiFact(content: OdiContent): Fact {
  switch (content.table) {
    case "match_info":
      return { match: parseCsv2Info(content.matchId, content.info) };
    case "deliveries":
      return { delivery: parseCsv2Delivery(named(CSV2_COLUMNS, content.columns)) };
    case "csv1_match_info":
      return { match: parseCsv1Match(content.matchId, content.info) };
    case "csv1_deliveries":
      return { delivery: parseCsv1Delivery(named(CSV1_COLUMNS, content.columns)) };
    case "unreadable_rows":
      throw new Error(`match ${content.matchId} has a line that cannot be read: ${content.unreadable.problem}`);
  }
}

/** Columns that are empty have no value. */
function named(names: readonly string[], texts: readonly (string | null)[]): Record<string, string> {
  const columns = names.map((name, n) => [name, texts[n] ?? ""] as const);
  return Object.fromEntries(columns.filter(([, text]) => text !== ""));
}

function t20iFact(content: T20iContent): Fact {
  if (content.kind === "match") return { match: parseJsonMatch(content.document) };
  if (content.kind === "delivery") return { delivery: parseJsonDelivery(content.document) };
  throw new Error(`${content.document.file} cannot be read: ${content.document.problem}`);
}

function testFact(content: TestContent): Fact {
  const fact = parseYamlObject(content.body.toString());
  if (fact.kind === "deletion") throw new Error(`${content.key} is a deletion`);
  return fact.kind === "match" ? { match: fact.match } : { delivery: fact.delivery };
}

function hex(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** As long as those that the sources give. */
function positionText(source: Source, key: string): string {
  const digits = hex(`position ${key}`);
  if (source === CRICKET_TOPICS.odiRaw)
    return `pg:${digits.slice(0, 2)}/${digits.slice(2, 10)}:${digits.charCodeAt(3)}`;
  if (source === CRICKET_TOPICS.t20iRaw) return `mongo:8266${digits}000000012B042C0100296E5A1004${digits}`;
  return `lambda:test:${Number.parseInt(digits.slice(0, 8), 16)}`;
}
