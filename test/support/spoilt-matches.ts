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
