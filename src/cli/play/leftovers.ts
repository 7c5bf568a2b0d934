import { runDir } from "../../local/paths.ts";
import { endLeftover, readRunFiles } from "../../local/run-files.ts";
import type { Settings } from "../../settings.ts";

const PIPELINE = /^(?:source(?:-\w+)?|loader|feed(?:-\w+)?|processor-\d+)$/u;

/**
 * Ends processes of the pipeline that an earlier `play` left behind (it was killed with SIGKILL), also those that
 * this one would not start: a third processor would go on committing beside ours.
 * @throws FatalError when another `play` that is alive runs them.
 */
export async function endLeftovers(settings: Settings): Promise<void> {
  const dir = runDir(settings);
  const names = readRunFiles(dir)
    .map((file) => file.name)
    .filter((name) => PIPELINE.test(name));
  await Promise.all(names.map((name) => endLeftover(dir, name)));
}
