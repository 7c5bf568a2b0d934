import { type Command, Option } from "commander";

type StartFrom = "slot" | "position";

export function register(program: Command): void {
  program
    .command("source")
    .description("read Postgres by logical replication and write its rows to the raw topic")
    .addOption(
      new Option(
        "--start-from <where>",
        "where the stream begins after a restart: the slot, which repeats what the server thinks was not read, or our own position",
      )
        .choices(["slot", "position"])
        .default("slot"),
    )
    .action(source);
}

async function source(options: { readonly startFrom: StartFrom }): Promise<void> {
  const [
    { loadSettings },
    { runAsProcess },
    { runPostgresSource },
    { ensureOdiSchema, ODI_PUBLICATION },
    sql,
    { confluentLog },
    { CRICKET_TOPICS },
  ] = await Promise.all([
    import("../../settings.ts"),
    import("../process.ts"),
    import("../../sources/postgres/index.ts"),
    import("../../feed/index.ts"),
    import("../../postgres/sql.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../../domain/cricket/topics.ts"),
  ]);
  const settings = loadSettings();
  const prepare = async (): Promise<void> => {
    const connection = sql.openSql(settings.postgresUrl, { applicationName: "third-umpire source" });
    try {
      // A slot that is older than its publication fails for ever: the publication must be there first.
      await ensureOdiSchema(connection);
    } finally {
      await sql.closeSql(connection);
    }
  };
  await runAsProcess("source", settings, (signal, onStatus) =>
    runPostgresSource({
      log: confluentLog({ brokers: settings.brokers, clientId: "source-odi" }),
      connection: settings.postgresUrl,
      sourceId: "odi",
      slot: "odi",
      publication: ODI_PUBLICATION,
      rawTopic: CRICKET_TOPICS.odiRaw,
      partitions: settings.partitions,
      retentionMs: settings.retentionHours * 3_600_000,
      transactionTimeoutMs: settings.transactionTimeoutMs,
      startFrom: options.startFrom,
      prepare,
      signal,
      onStatus,
    }),
  );
}
