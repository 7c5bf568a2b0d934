/** The three sources as the command line names them. Light: `--help` loads it. */
import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { type FileFormat, namedFile } from "../../feed/file-names.ts";

export const SOURCE_IDS = ["odi", "t20i", "test"] as const;
export type SourceId = (typeof SOURCE_IDS)[number];

/** Servers of the local stack that hold a source's data. */
export type SourceService = "postgres" | "mongodb" | "lambda";

export interface SourceKind {
  readonly id: SourceId;
  /** What it plays, for people. */
  readonly matches: string;
  /** What its folders hold. */
  readonly files: string;
  /** Where its records go, for people. */
  readonly store: string;
  readonly service: SourceService;
  readonly rawTopic: string;
  /** The id of a match, of the name of one of its files; undefined: another file. */
  readonly matchOf: (fileName: string) => string | undefined;
}

const named =
  (format: FileFormat): SourceKind["matchOf"] =>
  (fileName) =>
    namedFile(format, fileName)?.matchId;

/** One entry a source: what the commands, the stack and the screen have to know of it. */
export const SOURCES: Readonly<Record<SourceId, SourceKind>> = {
  odi: {
    id: "odi",
    matches: "one-day internationals",
    files: "Cricsheet CSV: ID.csv and ID_info.csv, or ID.csv alone (original form)",
    store: "Postgres",
    service: "postgres",
    rawTopic: CRICKET_TOPICS.odiRaw,
    matchOf: named("csv"),
  },
  t20i: {
    id: "t20i",
    matches: "T20 internationals",
    files: "Cricsheet JSON: ID.json",
    store: "MongoDB",
    service: "mongodb",
    rawTopic: CRICKET_TOPICS.t20iRaw,
    matchOf: named("json"),
  },
  test: {
    id: "test",
    matches: "Test matches",
    files: "Cricsheet YAML: ID.yaml",
    store: "the object store",
    service: "lambda",
    rawTopic: CRICKET_TOPICS.testRaw,
    matchOf: named("yaml"),
  },
};

/** Names of a source's two processes. */
export const sourceProcess = (id: SourceId): string => `source-${id}`;
export const feedProcess = (id: SourceId): string => `feed-${id}`;
