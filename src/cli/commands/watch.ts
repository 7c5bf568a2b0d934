import type { Command } from "commander";

/** The loader reports five times a second. */
const LOOK_EVERY_MS = 200;

export function register(program: Command): void {
  program
    .command("watch")
    .argument("[match...]", "match id, or words of it: a team, ground, year; none: the match being played")
    .description("follow a match in the terminal: its score with every ball, its card with every snapshot")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  third-umpire watch                 the match that is being played\n" +
        "  third-umpire watch 1059715         this one\n" +
        "  third-umpire watch | tee log       one line a ball, where there is no terminal",
    )
    .action(watch);
}

async function watch(words: string[]): Promise<void> {
  const [
    { setTimeout: sleep },
    { loadSettings },
    { runDirOf },
    { listenForShutdown },
    { MatchWatcher },
    { WatchScreen },
  ] = await Promise.all([
    import("node:timers/promises"),
    import("../../settings.ts"),
    import("../process.ts"),
    import("../shutdown.ts"),
    import("../watch/match-view.ts"),
    import("../watch/screen.ts"),
  ]);
  const settings = loadSettings();
  const { signal, dispose } = listenForShutdown();
  const watcher = new MatchWatcher(
    { warehouseDir: settings.warehouseDir, runDir: runDirOf(settings) },
    words,
    Date.now,
  );
  const screen = new WatchScreen(process.stdout);
  try {
    while (!signal.aborted) {
      screen.show(await watcher.look());
      // Both files are replaced by rename, which a watch on a file loses sight of: looking costs two system calls.
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    screen.close();
    dispose();
  }
}
