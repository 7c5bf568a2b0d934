import type { Command } from "commander";
import { stopEverything } from "../../local/stop-all.ts";
import { loadSettings } from "../../settings.ts";
import { print } from "../output.ts";

export function register(program: Command): void {
  program
    .command("down")
    .description("stop everything that runs in this project, in order; data stays")
    .action(async () => {
      const stopped = await stopEverything(loadSettings());
      print(stopped.length === 0 ? "nothing was running" : `stopped: ${stopped.join(", ")}`);
    });
}
