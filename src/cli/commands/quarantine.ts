import type { Command } from "commander";
import type { Log } from "../../kafka/log.ts";
import { UsageError } from "../errors.ts";
import { chosenPipeline } from "../pipeline.ts";
import type { QuarantinedRecord } from "../quarantine-record.ts";
import { MAX_RECORD_BYTES } from "../../kafka/limits.ts";

const TRANSACTION_TIMEOUT_MS = 10_000;

export function register(program: Command): void {
  const quarantine = program
    .command("quarantine")
    .description("records that could not be read: list them, look at one, send a repaired one again");
  quarantine
    .command("list")
    .description("every record in quarantine, oldest first")
    .option("--json", "print JSON")
    .action(list);
  quarantine
    .command("show")
    .description("one record, with key, headers and value as they came")
    .argument("<id>", "topic/partition/offset of the original, as `list` prints it")
    .option("--raw", "write the bytes of the value only, to be repaired in a file")
    .option("--json", "print JSON (key and value in base64)")
    .action(show);
  quarantine
    .command("retry")
    .description(
      "send a record again under its original key; repaired, it gets the event id the original would have had",
    )
    .argument("<id>", "topic/partition/offset of the original")
    .option("--value <file>", "the repaired value (default: the bytes as they came)")
    .option("--json", "print JSON")
    .action(retry);
}

/** The log, and the topic of the pipeline that is asked about. */
interface Quarantine {
  readonly log: Log;
  readonly topic: string;
}

async function open(command: Command): Promise<Quarantine> {
  const [{ loadSettings }, { confluentLog }, pipeline] = await Promise.all([
    import("../../settings.ts"),
    import("../../kafka/confluent/index.ts"),
    chosenPipeline(command),
  ]);
  const settings = loadSettings();
  return {
    log: confluentLog({ brokers: settings.brokers, clientId: "quarantine" }),
    topic: pipeline.topology(settings).topics.quarantine,
  };
}

async function readAll({ log, topic }: Quarantine): Promise<QuarantinedRecord[]> {
  const [{ readTopic }, { readQuarantined }] = await Promise.all([
    import("../read-topic.ts"),
    import("../quarantine-record.ts"),
  ]);
  const records: QuarantinedRecord[] = [];
  await readTopic(log, topic, (batch) => {
    for (let index = 0; index < batch.length; index++) {
      const record = readQuarantined(batch, index);
      if (record !== undefined) records.push(record);
    }
  });
  return records.toSorted(
    (a, b) => (a.at ?? "").localeCompare(b.at ?? "") || a.partition - b.partition || a.offset - b.offset,
  );
}

async function find(quarantine: Quarantine, id: string): Promise<QuarantinedRecord> {
  if (!/^[a-zA-Z0-9._-]+\/\d+\/\d+$/u.test(id)) {
    throw new UsageError(
      `"${id}" is no record id`,
      "an id looks like cricket.odi.raw/2/1234; `third-umpire quarantine list` prints them",
    );
  }
  // The latest one, should the same original have been judged twice (a rebuilt state).
  const record = (await readAll(quarantine)).findLast((candidate) => candidate.id === id);
  if (record === undefined)
    throw new UsageError(`${id} is not in quarantine`, "`third-umpire quarantine list` shows what is");
  return record;
}

async function list(options: { readonly json?: boolean }, command: Command): Promise<void> {
  const [records, out] = await Promise.all([readAll(await open(command)), import("../output.ts")]);
  if (options.json === true) {
    out.printJson(records.map(toJson));
    return;
  }
  if (records.length === 0) {
    out.print("Nothing is in quarantine.");
    return;
  }
  const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
  out.print(
    ...out.table<QuarantinedRecord>(
      [
        { title: "ID", value: (record) => record.id },
        { title: "PUT ASIDE", value: (record) => record.at?.slice(0, 19).replace("T", " ") ?? "-" },
        { title: "KEY", value: (record) => printable(record.key?.toString("utf8").slice(0, 24) ?? "-") },
        { title: "SIZE", right: true, value: (record) => out.bytes(record.cut?.size ?? record.value?.length ?? 0) },
        { title: "REASON", value: (record) => printable(record.reason) },
      ],
      records,
    ),
    `${out.count(records.length)} records. Repair one: third-umpire quarantine show ID --raw > file, then retry ID --value file`,
  );
}

async function show(
  id: string,
  options: { readonly raw?: boolean; readonly json?: boolean },
  command: Command,
): Promise<void> {
  const quarantine = await open(command);
  const { log } = quarantine;
  const [record, out, { readable }] = await Promise.all([
    find(quarantine, id),
    import("../output.ts"),
    import("../quarantine-record.ts"),
  ]);
  if (options.raw === true) {
    const { wholeRecord } = await import("../quarantine-original.ts");
    process.stdout.write((await wholeRecord(log, record)).value ?? Buffer.alloc(0));
    return;
  }
  if (options.json === true) {
    out.printJson({ ...toJson(record), value: record.value?.toString("base64") ?? null });
    return;
  }
  out.print(
    `record   ${record.id}`,
    `reason   ${record.reason}`,
    `aside    ${record.at ?? "unknown"}`,
    `key      ${readable(record.key)}`,
    ...record.headers.map(([name, value]) => `header   ${name} = ${readable(value)}`),
    `value    ${out.bytes(record.cut?.size ?? record.value?.length ?? 0)}`,
    ...(record.cut === null
      ? []
      : [
          `cut      ${record.cut.parts.join(", ")}: a large record, of which each part is kept up to its first 64 KiB`,
          `sha256   ${record.cut.sha256}`,
        ]),
    "",
    readable(record.value),
  );
}

async function retry(
  id: string,
  options: { readonly value?: string; readonly json?: boolean },
  command: Command,
): Promise<void> {
  const value = options.value === undefined ? undefined : await readRepair(options.value);
  const quarantine = await open(command);
  const { log } = quarantine;
  const record = await find(quarantine, id);
  const [{ WriteBatch, IndefiniteCommitError }, { retryHeaders }, { wholeRecord }, { FatalError }, out] =
    await Promise.all([
      import("../../kafka/log.ts"),
      import("../quarantine-record.ts"),
      import("../quarantine-original.ts"),
      import("../../domain/errors.ts"),
      import("../output.ts"),
    ]);
  const whole = await wholeRecord(log, record, value);
  const producer = log.producer({
    transactionalId: "quarantine-retry",
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    maxMessageBytes: MAX_RECORD_BYTES,
  });
  try {
    await producer.open();
    await producer.begin();
    const batch = new WriteBatch();
    batch.append(record.topic, record.partition, whole.key, whole.value, retryHeaders(record.id, whole.headers));
    await producer.write(batch);
    await producer.commit();
  } catch (error) {
    if (!(error instanceof IndefiniteCommitError)) throw error;
    throw new FatalError(`the broker did not say whether ${id} was written again`, {
      cause: error,
      remedy: "run it once more: if it was, the review finds a duplicate",
    });
  } finally {
    await producer.close();
  }
  if (options.json === true)
    out.printJson({ id, topic: record.topic, partition: record.partition, repaired: value !== undefined });
  else
    out.print(
      `${id} was sent again${value === undefined ? " as it was" : ", repaired"}: the review will judge it like any other record.`,
    );
}

async function readRepair(path: string): Promise<Buffer> {
  const { readFile } = await import("node:fs/promises");
  try {
    const value = await readFile(path);
    if (value.length > MAX_RECORD_BYTES)
      throw new UsageError(`${path} has ${value.length} bytes`, "a record may have 20 MB at most");
    return value;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new UsageError(`${path} cannot be read: ${error.message}`, "give the file with the repaired value");
  }
}

function toJson(record: QuarantinedRecord): object {
  return {
    id: record.id,
    at: record.at,
    reason: record.reason,
    key: record.key?.toString("base64") ?? null,
    bytes: record.cut?.size ?? record.value?.length ?? 0,
    ...(record.cut === null ? {} : { truncated: record.cut.parts, sha256: record.cut.sha256 }),
    headers: Object.fromEntries(record.headers.map(([name, value]) => [name, value.toString("utf8")])),
  };
}
