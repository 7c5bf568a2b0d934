import { beforeAll, describe, expect, it } from "vitest";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import { cricketTopology } from "../../src/pipelines/cricket/topology.ts";
import { ensureCricketTopics } from "../../src/pipelines/cricket/topics.ts";
import { internalTopics } from "../../src/processor/start-checks.ts";
import { parseSettings } from "../../src/settings.ts";
import { ModelBroker, ModelLog } from "../../src/testing/index.ts";
import { type Contract, documentText, parseContract, theContract } from "./asyncapi-document.ts";

/* asyncapi.yaml and the code say the same of topics, event types and who writes what. */

const settings = parseSettings({}, "unused");
const topology = cricketTopology(settings);

/** Topics as they are created with the default settings. */
const broker = new ModelBroker();

beforeAll(async () => {
  const admin = new ModelLog(broker, { clientId: "setup" }).admin();
  await ensureCricketTopics(admin, settings);
  await admin.createTopics(internalTopics(topology));
  await admin.close();
});

const sorted = (values: Iterable<string>): readonly string[] => [...values].toSorted();

function topicProblems({ channels }: Contract): readonly string[] {
  const described = Object.values(channels).map(({ address }) => address);
  const known: readonly string[] = Object.values(CRICKET_TOPICS);
  return [
    ...known.filter((topic) => !described.includes(topic)).map((topic) => `${topic} is not described`),
    ...described.filter((topic) => !known.includes(topic)).map((topic) => `${topic} does not exist`),
  ];
}

function eventProblems({ channels }: Contract): readonly string[] {
  const raw = [CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw, CRICKET_TOPICS.testRaw] as const;
  const described = Object.values(channels)
    .filter(({ address }) => raw.some((topic) => topic === address))
    .flatMap(({ messages }) => Object.values(messages).map(({ name }) => name));
  const known: readonly string[] = Object.values(CRICKET_EVENT);
  return [
    ...known.filter((type) => !described.includes(type)).map((type) => `${type} is not described`),
    ...described.filter((type) => !known.includes(type)).map((type) => `${type} does not exist`),
  ];
}

function shapeProblems({ channels }: Contract): readonly string[] {
  return Object.values(channels).flatMap(({ address, bindings }) => {
    const made = broker.describe(address);
    const { partitions, topicConfiguration: said } = bindings.kafka;
    const is = {
      partitions: made?.partitions,
      "cleanup.policy": [made?.cleanup],
      "retention.ms": made?.retentionMs,
      "max.message.bytes": said["max.message.bytes"] === undefined ? undefined : made?.maxMessageBytes,
    };
    const wanted = { partitions, ...said };
    return Object.entries(is)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(wanted, name)))
      .map(
        ([name, value]) =>
          `${address}: ${name} is ${JSON.stringify(value)}, not ${JSON.stringify(Reflect.get(wanted, name))}`,
      );
  });
}

/** Addresses of the channels for which a process has an operation. */
function channelsOf({ operations }: Contract, process: string, action: "send" | "receive"): readonly string[] {
  return sorted(
    Object.entries(operations)
      .filter(([id, operation]) => id.endsWith(`.${process}`) && operation.action === action)
      .map(([, { channel }]) => channel.address),
  );
}

function operationProblems(contract: Contract): readonly string[] {
  const { verdicts, quarantine, dedupe } = topology.topics;
  const wanted: readonly (readonly [string, "send" | "receive", readonly string[]])[] = [
    ["processor", "receive", topology.inputs],
    ["processor", "send", [...topology.outputs, verdicts, quarantine, dedupe]],
    ["restore", "receive", [dedupe]],
    ["source", "send", [...topology.inputs, CRICKET_TOPICS.positions, CRICKET_TOPICS.gaps]],
    ["takeover", "receive", [CRICKET_TOPICS.positions]],
    ["quarantine", "send", topology.inputs],
    ["loader", "receive", [...topology.outputs, verdicts, quarantine, CRICKET_TOPICS.gaps]],
  ];
  return wanted
    .filter(([process, action, topics]) => channelsOf(contract, process, action).join() !== sorted(topics).join())
    .map(([process, action]) => `${process} does not ${action} what the contract says`);
}

describe("asyncapi.yaml", () => {
  it("is a valid AsyncAPI document that needs no network", async () => {
    const { problems, remote, contract } = await parseContract();
    expect(problems).toEqual([]);
    expect(remote).toEqual([]);
    expect(contract).toBeDefined();
  });

  it("describes every topic and no other", async () => {
    expect(topicProblems(await theContract())).toEqual([]);
  });

  it("describes every type of event and no other", async () => {
    expect(eventProblems(await theContract())).toEqual([]);
  });

  it("gives topics the partitions, cleanup and retention that they are created with", async () => {
    expect(shapeProblems(await theContract())).toEqual([]);
  });

  it("says who sends and who receives, as topology, sources and loader do", async () => {
    expect(operationProblems(await theContract())).toEqual([]);
  });
});

describe("the checks of asyncapi.yaml see", () => {
  const changed = async (from: string, to: string): Promise<Contract> => {
    expect(documentText).toContain(from);
    const { contract, problems } = await parseContract(documentText.replace(from, to));
    if (contract === undefined) throw new Error(problems.join("\n"));
    return contract;
  };

  it("a topic under another name", async () => {
    expect(topicProblems(await changed("address: cricket.gaps", "address: cricket.holes"))).toEqual([
      "cricket.gaps is not described",
      "cricket.holes does not exist",
    ]);
  });

  it("an event under another name", async () => {
    expect(eventProblems(await changed("name: cricket.t20i.match.v1", "name: cricket.t20i.match.v2"))).toEqual([
      "cricket.t20i.match.v1 is not described",
      "cricket.t20i.match.v2 does not exist",
    ]);
  });

  it("another cleanup", async () => {
    const wrong = await changed("cleanup.policy: [compact]", "cleanup.policy: [delete]");
    expect(shapeProblems(wrong)).toEqual(['cricket.dedupe: cleanup.policy is ["compact"], not ["delete"]']);
  });

  it("an operation that nobody does", async () => {
    const wrong = await changed("  odiRaw.processor:\n    action: receive", "  odiRaw.processor:\n    action: send");
    expect(operationProblems(wrong)).toHaveLength(2);
  });

  it("a schema that is not there, and one that is elsewhere", async () => {
    const path = "./src/schemas/gap-event.schema.json";
    const missing = await parseContract(documentText.replace(path, "./src/schemas/hole.schema.json"));
    expect(missing.problems.join()).toContain("hole.schema.json");
    const elsewhere = await parseContract(documentText.replace(path, "https://example.org/gap.json"));
    expect(elsewhere.remote).toEqual(["https://example.org/gap.json"]);
  });

  it("a document that is none of AsyncAPI 3", async () => {
    const { problems } = await parseContract(documentText.replace("    action: send", "    action: shout"));
    expect(problems.join()).toContain("action");
  });
});
