import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./cli.ts";

/** A bundled match that is played without anything special: a tie in the final over is not needed here. */
const MODEL = "1348326";

/** Files of one match under another id. The same match, another natural key. */
function copyOf(id: string): { readonly lines: string[]; readonly info: string } {
  const read = (name: string): string => readFileSync(join(ROOT, "data/odi", name), "utf8").replaceAll(MODEL, id);
  return { lines: read(`${MODEL}.csv`).trimEnd().split("\n"), info: read(`${MODEL}_info.csv`) };
}

export interface Spoilt {
  readonly id: string;
  readonly what: string;
  /** What the reason in quarantine must say. */
  readonly reason: RegExp;
  /** Rows of the match that stay readable. */
  readonly deliveries: number;
}

/** Writes a good match, under `id`, into the folder. Returns how many deliveries it has. */
export function writeGoodMatch(dir: string, id: string): number {
  const { lines, info } = copyOf(id);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${id}.csv`), `${lines.join("\n")}\n`);
  writeFileSync(join(dir, `${id}_info.csv`), info);
  return lines.length - 1;
}

export const MODEL_ID: string = MODEL;

type Spoil = (row: readonly string[]) => string | Buffer;

/** One match for each way a file can be bad: line 7 of its deliveries, its end, or its info file. */
const WAYS: readonly {
  readonly id: string;
  readonly what: string;
  readonly reason: RegExp;
  readonly spoil?: Spoil;
  readonly lost?: number;
}[] = [
  {
    id: "9000001",
    what: "a malformed row",
    reason: /broken quoting/u,
    spoil: (row) => `${row.slice(0, 5).join(",")},"never closed,${row.slice(6).join(",")}`,
  },
  {
    id: "9000002",
    what: "too few columns",
    reason: /\d+ columns instead of \d+/u,
    spoil: (row) => row.slice(0, -3).join(","),
  },
  {
    id: "9000003",
    what: "too many columns",
    reason: /\d+ columns instead of \d+/u,
    spoil: (row) => [...row, "x", "y"].join(","),
  },
  {
    id: "9000004",
    what: "an impossible ball",
    reason: /more than 20 is not cricket/u,
    spoil: (row) => row.with(12, "77").join(","),
  },
  { id: "9000005", what: "an unknown version", reason: /version "9\.9\.9" is unknown/u },
  {
    id: "9000006",
    what: "a field of 10 MB",
    reason: /\S/u,
    spoil: (row) => row.with(9, "x".repeat(10 * 1024 * 1024)).join(","),
  },
  {
    id: "9000007",
    what: "invalid UTF-8",
    reason: /invalid UTF-8/u,
    spoil: (row) =>
      Buffer.concat([
        Buffer.from(`${row.slice(0, 9).join(",")},`),
        Buffer.from([0xc3, 0x28]),
        Buffer.from(`,${row.slice(10).join(",")}`),
      ]),
  },
  { id: "9000008", what: "a truncated file", reason: /the file ends within this line/u },
];

/** Writes one spoilt match for each way into the folder. */
export function writeSpoiltMatches(dir: string): Spoilt[] {
  mkdirSync(dir, { recursive: true });
  return WAYS.map(({ id, what, reason, spoil }) => {
    const { lines, info } = copyOf(id);
    const parts: Buffer[] = lines.map((line, index) => {
      if (index !== 6 || spoil === undefined) return Buffer.from(`${line}\n`);
      return Buffer.concat([Buffer.from(spoil(line.split(","))), Buffer.from("\n")]);
    });
    if (what === "a truncated file") parts[parts.length - 1] = Buffer.from(lines.at(-1)!.slice(0, 60));
    const isVersion = what === "an unknown version";
    writeFileSync(join(dir, `${id}.csv`), Buffer.concat(parts));
    writeFileSync(join(dir, `${id}_info.csv`), isVersion ? info.replace(/^version,.*$/mu, "version,9.9.9") : info);
    return { id, what, reason, deliveries: lines.length - 1 - (isVersion ? 0 : 1) };
  });
}

/** The shortest bundled matches of the two other formats. */
export const T20I_MODEL_ID: string = "1415706";
export const TEST_MODEL_ID: string = "817215";

/** A file as it is, under another id: ids are in the names of these files, not in them. */
function copyFile(dir: string, form: "t20i" | "test", id: string, change: (text: string) => string | Buffer): void {
  const [model, ending] = form === "t20i" ? [T20I_MODEL_ID, "json"] : [TEST_MODEL_ID, "yaml"];
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, `${id}.${ending}`),
    change(readFileSync(join(ROOT, "data", form, `${model}.${ending}`), "utf8")),
  );
}

export function writeGoodDocument(dir: string, form: "t20i" | "test", id: string): void {
  copyFile(dir, form, id, (text) => text);
}

interface SpoiltDocument {
  readonly id: string;
  readonly what: string;
  readonly reason: RegExp;
  readonly spoil: (text: string) => string | Buffer;
}

const invalid = (text: string): Buffer =>
  Buffer.concat([Buffer.from(text.slice(0, 500)), Buffer.from([0xc3, 0x28]), Buffer.from(text.slice(500))]);

const JSON_WAYS: readonly SpoiltDocument[] = [
  { id: "9000021", what: "truncated JSON", reason: /./u, spoil: (text) => text.slice(0, text.length / 2) },
  {
    id: "9000022",
    what: "an impossible ball in JSON",
    reason: /is not cricket/u,
    spoil: (text) => text.replace(/("batter": )\d+(,\s+"extras": \d+,\s+"total": )\d+/u, "$177$277"),
  },
  {
    id: "9000023",
    what: "an unknown version of JSON",
    reason: /version "9\.9\.9" is unknown/u,
    spoil: (text) => text.replace(/("data_version": )"[^"]+"/u, '$1"9.9.9"'),
  },
  {
    id: "9000024",
    what: "a key twice in JSON",
    reason: /twice/u,
    spoil: (text) => text.replace(/"team_type": /u, '"team_type": "club", "team_type": '),
  },
  { id: "9000025", what: "JSON with invalid UTF-8", reason: /UTF-8/u, spoil: invalid },
  {
    id: "9000026",
    what: "JSON nested too deeply",
    reason: /deep|nest/u,
    spoil: (text) => text.replace(/"team_type": "[^"]*"/u, `"team_type": ${"[".repeat(5000)}${"]".repeat(5000)}`),
  },
];

const YAML_WAYS: readonly SpoiltDocument[] = [
  { id: "9000031", what: "broken YAML", reason: /not YAML/u, spoil: (text) => `${text}\n  - : : [\n` },
  {
    id: "9000032",
    what: "an impossible ball in YAML",
    reason: /is not cricket/u,
    spoil: (text) => text.replace(/(batsman: )\d+(\s+extras: \d+\s+total: )\d+/u, "$177$277"),
  },
  {
    id: "9000033",
    what: "an unknown version of YAML",
    reason: /version "9\.9" is unknown/u,
    spoil: (text) => text.replace(/data_version: .*/u, "data_version: 9.9"),
  },
  {
    id: "9000034",
    what: "a key twice in YAML",
    reason: /duplicat/u,
    spoil: (text) => text.replace(/^ {2}gender: male$/mu, "  gender: male\n  gender: female"),
  },
  { id: "9000035", what: "YAML with invalid UTF-8", reason: /UTF-8/u, spoil: invalid },
  {
    id: "9000036",
    what: "a YAML bomb",
    reason: /alias|large|characters|limit/u,
    spoil: (text) => `${bomb()}${text.replace(/^---\n/u, "")}`,
  },
];

/** Nine levels of nine aliases each: a few hundred bytes that stand for 3 GB. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? `b0: &b0 ["lol"]`
      : `b${level}: &b${level} [${Array(9)
          .fill(`*b${level - 1}`)
          .join(", ")}]`,
  );
  return `---\n${levels.join("\n")}\n`;
}

/** Writes one spoilt match for each way a file of this format can be bad. */
export function writeSpoiltDocuments(
  dir: string,
  form: "t20i" | "test",
): Pick<SpoiltDocument, "id" | "what" | "reason">[] {
  const ways = form === "t20i" ? JSON_WAYS : YAML_WAYS;
  for (const { id, spoil } of ways) copyFile(dir, form, id, spoil);
  return [...ways];
}
