import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from "@aws-sdk/client-lambda";
import { inject } from "vitest";
import { quietAwsSdk } from "../../../src/aws/quiet.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";
import { localSupervisor } from "../../../src/local/index.ts";
import type { FaultRates } from "../../../src/local/lambda/index.ts";
import { lambdaService } from "../../../src/local/lambda.ts";
import { freePort } from "../../../src/local/ports.ts";
import type { Supervisor } from "../../../src/local/supervisor.ts";
import { openWriter } from "../../../src/object-store/open.ts";
import type { ObjectWriter } from "../../../src/object-store/store.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";

export const PARTITIONS = 4;

export function openLog(): Log {
  return confluentLog({ brokers: process.env["TEST_BROKERS"] ?? inject("brokers"), clientId: "lambda-test" });
}

/** The real endpoint in a process of its own, before a store in a folder of its own. */
export interface Endpoint {
  readonly settings: Settings;
  readonly supervisor: Supervisor;
  readonly url: string;
  readonly client: LambdaClient;
  /** Calls the function as any client of AWS does. */
  invoke(event: unknown, change?: Partial<InvokeCommandInput>): Promise<Invoked>;
  stop(): Promise<void>;
}

export interface Invoked {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly log: string;
  readonly payload: unknown;
}

export async function startEndpoint(faults: Partial<FaultRates> = {}): Promise<Endpoint> {
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-lambda-"));
  const settings = parseSettings({ TU_LOCAL_DIR: dir, TU_LAMBDA_PORT: String(await freePort()) }, dir);
  const supervisor = localSupervisor(settings);
  const url = `http://127.0.0.1:${settings.lambdaPort}`;
  const client = localClient(url);
  const kill = (): void => supervisor.kill("lambda", "SIGKILL");
  process.once("exit", kill); // a run that ends without its teardown leaves no server behind
  const stop = async (): Promise<void> => {
    await supervisor.stopAll();
    process.off("exit", kill);
    client.destroy();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await supervisor.start(lambdaService(settings, faults));
  } catch (error) {
    await stop();
    throw error;
  }
  return { settings, supervisor, url, client, invoke: invoker(client, settings.lambdaFunction), stop };
}

export function localClient(endpoint: string, accessKeyId = "local"): LambdaClient {
  quietAwsSdk();
  return new LambdaClient({
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey: "local" },
  });
}

export function invoker(client: LambdaClient, name: string): Endpoint["invoke"] {
  return async (event, change = {}) => {
    const Payload = Buffer.from(JSON.stringify(event));
    const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload, ...change }));
    const text = Buffer.from(answer.Payload ?? []).toString();
    return {
      status: answer.StatusCode,
      error: answer.FunctionError,
      log: Buffer.from(answer.LogResult ?? "", "base64").toString(),
      payload: text === "" ? undefined : JSON.parse(text),
    };
  };
}

/** Puts objects into a store, in order, each under the progress of its match. */
export class Objects {
  readonly #dir: string;
  #writer: ObjectWriter | undefined;
  readonly #steps = new Map<string, number>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  async append(match: string, name: string, body: string): Promise<void> {
    this.#writer ??= await openWriter(this.#dir);
    const step = this.#steps.get(match) ?? 0;
    this.#steps.set(match, step + 1);
    if (step === 0) await this.#writer.setProgress(match, { pass: 0, nextStep: 0, done: false, plan: {}, digest: "" });
    const object = { key: `${match}/${name}`, body, contentType: "application/yaml" };
    const isIn = await this.#writer.append(object, { matchId: match, pass: 0, step });
    if (!isIn) throw new Error(`${object.key} was not appended`);
  }

  /** Removes the store; the next one is another incarnation. */
  async makeAnew(): Promise<void> {
    await this.close();
    rmSync(this.#dir, { recursive: true, force: true });
    this.#steps.clear();
    this.#writer = await openWriter(this.#dir);
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }
}

/** Names in Kafka that nobody else has. */
export function newNames(): { sourceId: string; topics: { raw: string; positions: string; gaps: string } } {
  const sourceId = `lambda_${randomBytes(5).toString("hex")}`;
  return {
    sourceId,
    topics: { raw: `${sourceId}.raw`, positions: `${sourceId}.positions`, gaps: `${sourceId}.gaps` },
  };
}

export interface RawRecord {
  readonly headers: ReadonlyMap<string, string>;
  readonly value: Buffer;
}

/** Everything committed in a raw topic, partition by partition. */
export async function readRecords(log: Log, topic: string): Promise<RawRecord[]> {
  const reader = log.reader({ isolation: "read_committed" });
  const records: RawRecord[] = [];
  try {
    await reader.open();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const at = { topic, partition };
      const { low, high } = await reader.watermarks(at, 10_000);
      reader.assign([{ ...at, offset: low }]);
      while (reader.position(at) < high) {
        for (const batch of await reader.fetch(5000, 1000)) {
          for (let index = 0; index < batch.length; index += 1) {
            const headers = new Map(batch.headers(index)?.map(([name, value]) => [name, value.toString()]));
            records.push({ headers, value: batch.value(index) ?? Buffer.alloc(0) });
          }
        }
      }
    }
    return records;
  } finally {
    await reader.close();
  }
}
