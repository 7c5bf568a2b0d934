import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("resend")
    .description(
      "send what was written to added partitions of the raw topics again, to the partitions of its keys; nothing twice",
    )
    .option("--json", "print JSON")
    .action(resend);
}

async function resend(options: { readonly json?: boolean }): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { cricketTopology }, { CRICKET_GROUP }, { resendSurplus }, out] =
    await Promise.all([
      import("../../settings.ts"),
      import("../../kafka/confluent/index.ts"),
      import("../../pipelines/cricket/topology.ts"),
      import("../../domain/cricket/topics.ts"),
      import("../../processor/surplus.ts"),
      import("../output.ts"),
    ]);
  const settings = loadSettings();
  const isJson = options.json === true;
  const sent = await resendSurplus({
    log: confluentLog({ brokers: settings.brokers, clientId: "resend" }),
    topology: cricketTopology(settings),
    groupId: CRICKET_GROUP,
    onProgress: (message) => {
      if (!isJson) out.print(message);
    },
  });
  if (isJson) out.printJson({ sent });
  else if (sent === 0) out.print("Nothing waits in added partitions.");
  else out.print(`${out.count(sent)} records were sent again; start the processors, which judge them.`);
}
