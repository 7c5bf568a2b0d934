import type { Command } from "commander";
import { chosenPipeline } from "../pipeline.ts";

export function register(program: Command): void {
  program
    .command("resend")
    .description(
      "send what was written to added partitions of the raw topics again, to the partitions of its keys; nothing twice",
    )
    .option("--json", "print JSON")
    .action(resend);
}

async function resend(options: { readonly json?: boolean }, command: Command): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { resendSurplus }, pipeline, out] = await Promise.all([
    import("../../settings.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../../processor/surplus.ts"),
    chosenPipeline(command),
    import("../output.ts"),
  ]);
  const settings = loadSettings();
  const isJson = options.json === true;
  const sent = await resendSurplus({
    log: confluentLog({ brokers: settings.brokers, clientId: "resend" }),
    topology: pipeline.topology(settings),
    groupId: pipeline.groupId,
    onProgress: (message) => {
      if (!isJson) out.print(message);
    },
  });
  if (isJson) out.printJson({ sent });
  else if (sent === 0) out.print("Nothing waits in added partitions.");
  else out.print(`${out.count(sent)} records were sent again; start the processors, which judge them.`);
}
