import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { defineTopology, runProcessor, type RunProcessorOptions, type Topology } from "../../../src/processor/index.ts";
import { rebuildState, type RebuildOptions } from "../../../src/processor/rebuild.ts";
import { checkTopics } from "../../../src/processor/start-checks.ts";
import { chooseTimeouts } from "../../../src/processor/timeouts.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* What stops a processor for good, on the model Log: the remedy is done, and everything is judged, once. */

interface Options {
  readonly name?: string;
  readonly identityVersion?: number;
  readonly partitions?: number;
  readonly process?: () => void;
}

function topology({ name = "orders", identityVersion = 1, partitions = 2, process }: Options = {}): Topology<string> {
  return defineTopology<string>({
    name,
    identityVersion,
    inputs: ["raw"],
    outputs: ["clean"],
    partitions,
    review: { retention: "unbounded" },
    decode: ({ value }) => value!.toString(),
    identify: (content) => ({ key: content.split("=")[0]!, content }),
    process: (_, record, context) => {
      process?.();
      context.emit("clean", record.key, record.value);
    },
  });
}

describe("a processor that stops for good goes on when the remedy was done:", () => {
  let broker: ModelBroker;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    for (const name of ["raw", "clean"]) broker.createTopic({ name, partitions: 2 });
  });

  const log = (clientId: string): ModelLog => new ModelLog(broker, { clientId });
  const append = (partition: number, ...values: readonly string[]): void => {
    for (const value of values) broker.append("raw", partition, "k", value);
  };

  type Running = Partial<RunProcessorOptions<string>>;

  const start = (signal: AbortSignal, options: Running = {}): Promise<void> =>
    runProcessor({
      log: log("p"),
      topology: topology(),
      groupId: "group",
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal,
      clock: broker.clock,
      ...options,
    });

  /** Runs a processor until all input is judged; throws what stops it. */
  async function judge(options: Running = {}): Promise<void> {
    const { groupId = "group" } = options;
    const stop = new AbortController();
    const running = start(stop.signal, options);
    const isBehind = (partition: number): boolean => {
      const input = { topic: "raw", partition };
      if (broker.describe("raw") === undefined) return true;
      return (broker.committedOffset(groupId, input)?.offset ?? -1) < broker.watermarks(input).high;
    };
    const judged = async (): Promise<void> => {
      while ([0, 1].some(isBehind)) await broker.clock.sleep(50);
      stop.abort();
    };
    await Promise.race([running, judged()]);
    await running;
  }

  const rebuild = (options: Partial<RebuildOptions<string>> = {}): Promise<void> =>
    rebuildState({
      log: log("mend"),
      topology: topology(),
      groupId: "group",
      clock: broker.clock,
      onProgress: () => undefined,
      ...options,
    });

  const verdicts = (topic = "orders.verdicts"): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { value } of broker.readCommitted(topic))
      for (const [verdict, count] of Object.entries(decodeVerdictBlock(value!).counts))
        if (count > 0) counts[verdict] = (counts[verdict] ?? 0) + count;
    return counts;
  };

  const nothing = (): void => undefined;

  it("a bound that no commit comes to", async () => {
    for (const [name, wrong] of [
      ["commitMaxRecords", 0],
      ["commitMaxRecords", Number.NaN],
      ["commitMaxBytes", 0.5],
      ["commitIntervalMs", -1],
      ["commitIntervalMs", Number.NaN],
    ] as const) {
      let bounds: Partial<RunProcessorOptions<string>> = { [name]: wrong };
      const attempt = (): Promise<void> => judge(bounds);
      const right = (): void => void (bounds = { [name]: 1 });
      await remedyWorks("start/commit-bound", { attempt, does: { "a whole number of ": right } });
      bounds = { [name]: wrong };
      await remedyWorks("start/commit-bound", { attempt, does: { "leave it out": () => (bounds = {}) } });
    }
  });

  it("state that is corrupt is rebuilt (EO-4)", async () => {
    append(0, "a=1", "b=2");
    await judge();
    for (const segment of ["segment/1", "segment/2"]) broker.append("orders.dedupe", 0, segment, null);
    append(0, "a=1");
    await remedyWorks("engine/state-corrupt", {
      attempt: judge,
      does: { "stop all processors of the group": nothing, "run: third-umpire state rebuild": () => rebuild() },
    });
    expect(verdicts()).toEqual({ accepted: 2, duplicate: 1 });
  });

  it("state of another topology is rebuilt", async () => {
    append(0, "a=1");
    await judge();
    append(0, "a=1");
    const changed = topology({ identityVersion: 2 });
    await remedyWorks("restore/fingerprint", {
      attempt: () => judge({ topology: changed }),
      does: { "rebuild: third-umpire state rebuild": () => rebuild({ topology: changed }) },
    });
    expect(verdicts()).toEqual({ accepted: 1, duplicate: 1 });
  });

  it("state of another topology is left alone by one of another name and group", async () => {
    append(0, "a=1");
    append(1, "b=1");
    await judge();
    append(0, "a=1");
    let changed: Running = { topology: topology({ identityVersion: 2 }) };
    const rename = (): void => {
      changed = { topology: topology({ name: "orders2", identityVersion: 2 }), groupId: "group2" };
    };
    await remedyWorks("restore/fingerprint", {
      attempt: () => judge(changed),
      does: { "give the topology a new name and its processors a new group, which judges all input again": rename },
    });
    expect(verdicts("orders2.verdicts")).toEqual({ accepted: 2, duplicate: 1 });
  });

  /** As any Kafka client does it, with metadata that is not ours. */
  const commitAsAnother = async (offset: number): Promise<void> =>
    log("other")
      .admin()
      .acknowledge("group", [{ topic: "raw", partition: 0, offset, metadata: "mine" }]);

  it("a group of another program is left to it", async () => {
    append(0, "a=1");
    append(1, "b=1");
    await commitAsAnother(1);
    let groupId = "group";
    await remedyWorks("restore/state-of-another", {
      attempt: () => judge({ groupId }),
      does: { "use a consumer group of its own": () => (groupId = "own") },
    });
    expect(verdicts()).toEqual({ accepted: 2 });
  });

  it("state whose offset another program wrote over is rebuilt", async () => {
    append(0, "a=1");
    append(1, "b=1");
    await judge();
    // Until the session of the processor that ended is over.
    await broker.clock.sleep(10_000);
    await commitAsAnother(broker.committedOffset("group", { topic: "raw", partition: 0 })!.offset);
    append(0, "a=1", "c=1");
    await remedyWorks("restore/state-of-another", {
      attempt: judge,
      does: { "rebuild the state: third-umpire state rebuild": () => rebuild() },
    });
    expect(verdicts()).toEqual({ accepted: 3, duplicate: 1 });
  });

  it("records that another program's offset stands behind are judged after the rebuild (EO-1)", async () => {
    append(0, "a=1");
    append(1, "b=1");
    await judge();
    await broker.clock.sleep(10_000);
    append(0, "c=1", "d=1");
    await commitAsAnother(broker.watermarks({ topic: "raw", partition: 0 }).high);
    append(0, "e=1", "c=1");
    await expect(judge()).rejects.toThrow(/not written by this engine/u);
    await rebuild();
    await judge();
    expect(verdicts()).toEqual({ accepted: 5, duplicate: 1 });
  });

  it("a group of another program that is taken over by a rebuild judges from the beginning (EO-1)", async () => {
    append(0, "a=1", "b=1");
    await commitAsAnother(1);
    await expect(judge()).rejects.toThrow(/not written by this engine/u);
    await rebuild();
    await judge();
    expect(verdicts()).toEqual({ accepted: 2 });
  });

  it("records that were deleted before they were judged are left out when that is accepted", async () => {
    append(0, "a=1");
    await judge();
    append(0, "b=1", "c=1");
    broker.truncate("raw", 0, 2);
    let acceptLoss = false;
    await remedyWorks("engine/records-deleted", {
      attempt: () => judge({ acceptLoss }),
      does: { "to go on without them start the processor with --accept-loss": () => (acceptLoss = true) },
    });
    expect(verdicts()).toEqual({ accepted: 2 });
  });

  it("a topology that fails on a record is mended", async () => {
    append(0, "a=1");
    let defect = (): void => {
      throw new Error("defect");
    };
    await remedyWorks("engine/process-throws", {
      attempt: () => judge({ topology: topology({ process: () => defect() }) }),
      does: { "mend the topology": () => (defect = nothing) },
    });
    expect(verdicts()).toEqual({ accepted: 1 });
  });

  it("names that are too long together are made shorter", async () => {
    append(0, "a=1");
    let instanceId = "i".repeat(600);
    await remedyWorks("engine/names-too-long", {
      attempt: () => judge({ instanceId }),
      does: { "use shorter ones, at most 500 bytes together": () => (instanceId = "i".repeat(490)) },
    });
    expect(verdicts()).toEqual({ accepted: 1 });
  });

  it("an input that is not there is created", async () => {
    broker.deleteTopic("raw");
    await remedyWorks("start/topic-missing", {
      attempt: judge,
      does: { "create it with 2 partitions": () => broker.createTopic({ name: "raw", partitions: 2 }) },
    });
  });

  it("topics of another partition count are taken as they are, or made again", async () => {
    for (const name of ["raw", "clean"]) {
      broker.deleteTopic(name);
      broker.createTopic({ name, partitions: 3 });
    }
    append(0, "a=1");
    append(1, "b=1");
    let partitions = 4;
    const attempt = (): Promise<void> => judge({ topology: topology({ partitions }) });
    const take = (): void => void (partitions = 3);
    await remedyWorks("start/partition-counts", {
      attempt,
      does: { "define the topology with 3 partitions (TU_PARTITIONS)": take },
    });
    expect(verdicts()).toEqual({ accepted: 2 });
    broker.deleteTopic("raw");
    broker.createTopic({ name: "raw", partitions: 2 });
    const anew = (): void => {
      broker.deleteTopic("raw");
      broker.createTopic({ name: "raw", partitions: 3 });
    };
    await remedyWorks("start/partition-counts", {
      attempt: () => checkTopics(topology({ partitions }) as Topology, log("check").admin()),
      does: { "make the topic again with 3": anew },
    });
  });

  it("state is not rebuilt while a processor of the group runs", async () => {
    append(0, "a=1");
    append(1, "b=1");
    await judge();
    const stop = new AbortController();
    const running = start(stop.signal);
    await broker.clock.sleep(1_000);
    const stopAll = async (): Promise<void> => {
      stop.abort();
      await running;
    };
    await remedyWorks("rebuild/group-runs", {
      attempt: rebuild,
      does: { "stop all processors of the group first": stopAll },
    });
    append(0, "a=1");
    await judge();
    expect(verdicts()).toEqual({ accepted: 2, duplicate: 1 });
  });

  it("state whose inputs begin late is rebuilt of what is left when that is accepted", async () => {
    append(0, "a=1", "b=1");
    await judge();
    broker.truncate("raw", 0, 1);
    broker.append("orders.dedupe", 0, "segment/1", null);
    let acceptLoss = false;
    await remedyWorks("rebuild/records-deleted", {
      attempt: () => rebuild({ acceptLoss }),
      does: { "to go on all the same use --accept-loss": () => (acceptLoss = true) },
    });
    append(0, "b=1");
    await judge();
    expect(verdicts()).toEqual({ accepted: 2, duplicate: 1 });
  });
});

describe("timeouts that the brokers do not allow are chosen anew, or allowed:", () => {
  const LIMITS = { minSessionTimeoutMs: 6_000, maxTransactionTimeoutMs: 900_000 };
  let limits = LIMITS;
  let asked = { sessionTimeoutMs: 10_000, transactionTimeoutMs: 10_000, commitIntervalMs: 100 };
  beforeEach(() => {
    limits = LIMITS;
    asked = { sessionTimeoutMs: 10_000, transactionTimeoutMs: 10_000, commitIntervalMs: 100 };
  });

  const attempt = (): Promise<unknown> => {
    const admin = new ModelLog(new ModelBroker(), { clientId: "admin" }).admin();
    return chooseTimeouts(asked, Object.assign(admin, { brokerLimits: () => Promise.resolve(limits) }));
  };

  it("a session timeout that is too short", async () => {
    asked = { ...asked, sessionTimeoutMs: 3_000 };
    const lower = (): void => void (limits = { ...limits, minSessionTimeoutMs: 1_000 });
    await remedyWorks("start/session-timeout", {
      attempt,
      does: { "lower group.min.session.timeout.ms of the brokers": lower },
    });
    limits = LIMITS;
    const longer = (): void => void (asked = { ...asked, sessionTimeoutMs: 6_000 });
    await remedyWorks("start/session-timeout", { attempt, does: { "choose 6000 ms or more": longer } });
  });

  it("a transaction timeout that is too long", async () => {
    asked = { ...asked, transactionTimeoutMs: 1_000_000 };
    const raise = (): void => void (limits = { ...limits, maxTransactionTimeoutMs: 2_000_000 });
    await remedyWorks("start/transaction-timeout", {
      attempt,
      does: { "raise transaction.max.timeout.ms of the brokers": raise },
    });
    limits = LIMITS;
    const shorter = (): void => void (asked = { ...asked, transactionTimeoutMs: 900_000 });
    await remedyWorks("start/transaction-timeout", { attempt, does: { "choose 900000 ms or less": shorter } });
  });

  it("a commit interval that outlasts the transaction", async () => {
    const long = { ...asked, commitIntervalMs: 20_000 };
    asked = long;
    const raise = (): void => void (asked = { ...asked, transactionTimeoutMs: 60_000 });
    await remedyWorks("start/commit-interval", { attempt, does: { "raise the transaction timeout": raise } });
    asked = long;
    const sooner = (): void => void (asked = { ...asked, commitIntervalMs: 5_000 });
    await remedyWorks("start/commit-interval", { attempt, does: { "commit at least every 5000 ms": sooner } });
  });
});
