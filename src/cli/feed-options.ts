import { type Command, Option } from "commander";
import { collect, parseDuration, parseInteger, parseRate } from "./options.ts";
import { SOURCE_IDS, type SourceId, SOURCES } from "./play/sources.ts";

/** What `feed` and `play` are told alike: what to play, at what pace, and how unreliably. */
export interface FeedArguments extends Readonly<Partial<Record<SourceId, readonly string[]>>> {
  /** ms */
  readonly interval: number;
  readonly live?: readonly string[];
  readonly match?: readonly string[];
  readonly seed: number;
  readonly replayRate: number;
  readonly correctionRate: number;
  readonly again?: boolean;
  readonly acceptDeletions?: boolean;
}

/** Adds these options to a command. One definition: `play` passes them on to `feed` as they are. */
export function addFeedOptions(command: Command): Command {
  for (const id of SOURCE_IDS) {
    const { matches, files } = SOURCES[id];
    command.option(`--${id} <dir>`, `folder of ${matches} (${files}); may be repeated`, collect(String));
  }
  return command
    .addOption(
      new Option("--interval <time>", "time between two balls of a live match; 0 = as fast as possible")
        .argParser(parseDuration)
        .default(5000, "5s"),
    )
    .option(
      "--live <id>",
      "play only this match live and the others first, at full speed; may be repeated",
      collect(String),
    )
    .option("--match <id>", "play only this match of the folders; may be repeated", collect(String))
    .option(
      "--seed <number>",
      "seed of everything the source does wrong: the same seed does the same",
      parseInteger(0, 0xffff_ffff),
      1,
    )
    .option("--replay-rate <share>", "share of records that are sent again as new ones", parseRate, 0)
    .option(
      "--correction-rate <share>",
      "share of records that come wrong first, are corrected, and come wrong once more",
      parseRate,
      0,
    )
    .option("--again", "play finished matches once more, from their first record")
    .option("--accept-deletions", "let a changed file delete more than a tenth of the balls that it had before");
}

/** The sources that have a folder, in their order, with the folders. */
export function givenSources(given: FeedArguments): { readonly id: SourceId; readonly dirs: readonly string[] }[] {
  return SOURCE_IDS.flatMap((id) => {
    const dirs = given[id];
    return dirs === undefined ? [] : [{ id, dirs }];
  });
}
