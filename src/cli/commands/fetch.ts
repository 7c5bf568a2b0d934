import { join } from "node:path";
import { Argument, type Command } from "commander";
import pc from "picocolors";
import {
  ARCHIVES,
  ATTRIBUTION,
  FETCHABLE,
  fetchMatches,
  type Fetchable,
  type FetchSummary,
} from "../../fetch/index.ts";
import { loadSettings } from "../../settings.ts";
import { SilentExit } from "../errors.ts";
import { bytes, count, print } from "../output.ts";
import { progressLine } from "../progress-line.ts";
import { listenForShutdown } from "../shutdown.ts";

export function register(program: Command): void {
  program
    .command("fetch")
    .description("download all matches of a source from Cricsheet and unpack them; goes on where it was interrupted")
    .addArgument(new Argument("<source>", "what to fetch").choices(FETCHABLE))
    .option("--dir <dir>", "folder for the match files (default: cricsheet/SOURCE below TU_LOCAL_DIR)")
    .option("--url <url>", "another address of the archive")
    .action(async (source: Fetchable, options: { dir?: string; url?: string }) => {
      const dir = options.dir ?? join(loadSettings().localDir, "cricsheet", source);
      await run(source, dir, options.url);
    });
}

async function run(source: Fetchable, dir: string, url: string | undefined): Promise<void> {
  const shutdown = listenForShutdown();
  const line = progressLine();
  try {
    print(`${ARCHIVES[source].title}: ${url ?? ARCHIVES[source].url}`);
    const summary = await fetchMatches({
      source,
      dir,
      ...(url === undefined ? {} : { url }),
      signal: shutdown.signal,
      onDownload: (received, total) => line.show("downloading", received, total, bytes),
      onRetry: (reason) => line.note(`${reason}; trying again`),
      onUnpack: (files, total) => line.show("unpacking", files, total, count),
    });
    line.end();
    print(...report(summary));
  } catch (error) {
    line.end();
    if (!shutdown.signal.aborted) throw error;
    print("stopped; the same command goes on from here");
    throw new SilentExit(1);
  } finally {
    shutdown.dispose();
  }
}

function report(summary: FetchSummary): string[] {
  const { option } = ARCHIVES[summary.source];
  return [
    `${summary.archive}: ${bytes(summary.bytes)}${summary.unchanged ? ", unchanged" : ""}, every checksum in it right`,
    `sha256 ${summary.sha256}`,
    `${summary.dir}: ${count(summary.files)} files`,
    pc.dim(ATTRIBUTION),
    `play them with: third-umpire play ${option} ${summary.dir}`,
  ];
}
