import type { Command } from "commander";
import type { FeedOptions, FeedStatus, FeedSummary, FileNote, T20iContent } from "../../feed/index.ts";
import type { ObjectStoreTarget } from "../../feed/targets/object-store.ts";
import type { Settings } from "../../settings.ts";
import { EXIT_FAILURE, SilentExit, UsageError } from "../errors.ts";
import { addFeedOptions, type FeedArguments, givenSources } from "../feed-options.ts";
import { hearParent, messageOf, tellParent } from "../play/channel.ts";
import { feedProcess, SOURCE_IDS, type SourceId } from "../play/sources.ts";

export function register(program: Command): void {
  addFeedOptions(
    program
      .command("feed")
      .description(
        "the application server: put folders of matches into one source, each record in a transaction of its own",
      ),
  )
    .addHelpText("after", "\nOne feed, one source: give --odi, --t20i or --test, each as often as there are folders.")
    .action(feed);
}

async function feed(options: FeedArguments): Promise<void> {
  const [given, ...others] = givenSources(options);
  if (given === undefined || others.length > 0) {
    const names = SOURCE_IDS.map((id) => `--${id}`);
    throw new UsageError(`a feed has one source: exactly one of ${names.join(", ")}`, "start one feed for each");
  }
  const [{ resolve }, { loadSettings }, { runAsProcess }] = await Promise.all([
    import("node:path"),
    import("../../settings.ts"),
    import("../process.ts"),
  ]);
  const settings = loadSettings();
  const dirs = given.dirs.map((dir) => resolve(dir));
  let refused = 0;
  await runAsProcess<FeedStatus>(feedProcess(given.id), settings, async (signal, onStatus, logger) => {
    const notes: FileNote[] = [];
    const note = (found: FileNote): void => {
      notes.push(found);
      const words = `${found.path}: ${found.reason}`;
      if (found.refused) logger.warn(`refused: ${words}`);
      else logger.info(`passed over: ${words}`);
    };
    const { files } = await FEEDS[given.id](settings, dirs, note, {
      notes,
      intervalMs: options.interval,
      seed: options.seed,
      replayRate: options.replayRate,
      correctionRate: options.correctionRate,
      again: options.again ?? false,
      acceptDeletions: options.acceptDeletions ?? false,
      ...(options.live === undefined ? {} : { live: options.live }),
      ...(options.match === undefined ? {} : { matches: options.match }),
      signal,
      onStatus,
    });
    refused = files.refused.length;
    for (const words of files.refused.slice(notes.filter((found) => found.refused).length))
      logger.warn(`refused: ${words}`);
  });
  // Every one of them has been named.
  if (refused > 0) throw new SilentExit(EXIT_FAILURE);
}

type Feed = (
  settings: Settings,
  dirs: readonly string[],
  note: (note: FileNote) => void,
  options: FeedOptions,
) => Promise<FeedSummary>;

/** Where the matches of each source come from and go to. Loaded when called: a feed needs one driver, not three. */
const FEEDS: Readonly<Record<SourceId, Feed>> = {
  odi: async (settings, dirs, note, options) => {
    const { odiScripts, postgresTarget, runFeed } = await import("../../feed/index.ts");
    const target = postgresTarget({ connection: settings.postgresUrl });
    return runFeed({ ...options, scripts: await odiScripts(dirs, note), target });
  },
  t20i: async (settings, dirs, note, options) => {
    const [{ runFeed, t20iScripts }, { mongoTarget }] = await Promise.all([
      import("../../feed/index.ts"),
      import("../../feed/targets/mongo.ts"),
    ]);
    const target = mongoTarget<T20iContent>({ connection: settings.mongodbUrl });
    return runFeed({ ...options, scripts: await t20iScripts(dirs, note), target });
  },
  test: async (settings, dirs, note, options) => {
    const [{ runFeed, testScripts }, { objectStoreTarget }] = await Promise.all([
      import("../../feed/index.ts"),
      import("../../feed/targets/object-store.ts"),
    ]);
    const target = objectStoreTarget({ location: settings.objectStore, region: settings.lambdaRegion });
    const stopHearing = hearParent((message) => void repeatOnDemand(target, message));
    try {
      return await runFeed({ ...options, scripts: await testScripts(dirs, note), target });
    } finally {
      stopHearing();
    }
  },
};

/** Somebody pressed the button of the object store: only its one writer can append to it. */
async function repeatOnDemand(target: ObjectStoreTarget, message: unknown): Promise<void> {
  const asked = messageOf("again", message);
  if (asked === undefined) return;
  const { id } = asked;
  try {
    tellParent({ type: "repeated", id, count: await target.repeat(asked.count), problem: "" });
  } catch (error) {
    const problem = target.classify(error, "appending objects again").message;
    tellParent({ type: "repeated", id, count: null, problem });
  }
}
