import { Argument, type Command, Option } from "commander";
import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import type { SourceOptions, SourceStatus } from "../../sources/kit/index.ts";
import type { Settings } from "../../settings.ts";
import { SOURCE_IDS, type SourceId, SOURCES, sourceProcess } from "../play/sources.ts";

type StartFrom = "slot" | "position";

interface Options {
  readonly startFrom: StartFrom;
}

export function register(program: Command): void {
  program
    .command("source")
    .description("read one source and write its records to the raw topic: Postgres, MongoDB or the Lambda function")
    .addArgument(
      new Argument(
        "<source>",
        SOURCE_IDS.map((id) => `${id} = ${SOURCES[id].matches}, ${SOURCES[id].store}`).join("; "),
      ).choices(SOURCE_IDS),
    )
    .addOption(
      new Option(
        "--start-from <where>",
        "odi: where the stream begins after a restart: the slot, which repeats what the server thinks was not read, or our own position",
      )
        .choices(["slot", "position"])
        .default("slot"),
    )
    .action(source);
}

async function source(id: SourceId, options: Options): Promise<void> {
  const [{ loadSettings }, { runAsProcess }, { confluentLog }] = await Promise.all([
    import("../../settings.ts"),
    import("../process.ts"),
    import("../../kafka/confluent/index.ts"),
  ]);
  const settings = loadSettings();
  await runAsProcess<SourceStatus>(sourceProcess(id), settings, (signal, onStatus) =>
    RUN[id](
      settings,
      {
        log: confluentLog({ brokers: settings.brokers, clientId: sourceProcess(id) }),
        sourceId: id,
        rawTopic: SOURCES[id].rawTopic,
        positionsTopic: CRICKET_TOPICS.positions,
        gapsTopic: CRICKET_TOPICS.gaps,
        partitions: settings.partitions,
        retentionMs: settings.retentionHours * 3_600_000,
        transactionTimeoutMs: settings.transactionTimeoutMs,
        signal,
        onStatus,
      },
      options,
    ),
  );
}

type Run = (settings: Settings, common: SourceOptions, options: Options) => Promise<void>;

/** Loaded when called: a source needs one driver, not three. */
const RUN: Readonly<Record<SourceId, Run>> = { odi: runOdi, t20i: runT20i, test: runTest };

async function runOdi(settings: Settings, common: SourceOptions, { startFrom }: Options): Promise<void> {
  const [{ runPostgresSource }, { ensureOdiSchema }, { ODI_PUBLICATION, ODI_ROWS }, sql] = await Promise.all([
    import("../../sources/postgres/index.ts"),
    import("../../feed/index.ts"),
    import("../../pipelines/cricket/sources/odi.ts"),
    import("../../postgres/sql.ts"),
  ]);
  const prepare = async (): Promise<void> => {
    const connection = sql.openSql(settings.postgresUrl, { applicationName: "third-umpire source" });
    try {
      // A slot that is older than its publication fails for ever: the publication must be there first.
      await ensureOdiSchema(connection, ODI_PUBLICATION, "reader");
    } finally {
      await sql.closeSql(connection);
    }
  };
  await runPostgresSource({
    ...common,
    connection: settings.postgresUrl,
    slot: "odi",
    publication: ODI_PUBLICATION,
    rows: ODI_ROWS,
    startFrom,
    prepare,
  });
}

async function runT20i(settings: Settings, common: SourceOptions): Promise<void> {
  const [{ runMongoSource }, { T20I_DOCUMENTS }] = await Promise.all([
    import("../../sources/mongo/index.ts"),
    import("../../pipelines/cricket/sources/t20i.ts"),
  ]);
  await runMongoSource({ ...common, connection: settings.mongodbUrl, documents: T20I_DOCUMENTS });
}

async function runTest(settings: Settings, common: SourceOptions): Promise<void> {
  const [{ runLambdaSource }, { TEST_OBJECTS }] = await Promise.all([
    import("../../sources/lambda/index.ts"),
    import("../../pipelines/cricket/sources/test.ts"),
  ]);
  await runLambdaSource({
    ...common,
    endpoint: settings.lambdaEndpoint,
    region: settings.lambdaRegion,
    functionName: settings.lambdaFunction,
    objects: TEST_OBJECTS,
  });
}
