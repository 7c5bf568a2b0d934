import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { GroupDescription } from "../../../src/kafka/log.ts";
import { bytes, int16, int32, string } from "../../../src/kafka/wire/codec.ts";

const FIND_COORDINATOR = 10;
const DESCRIBE_GROUPS = 15;
const NULL_STRING = int16(-1);

interface Asked {
  readonly apiKey: number;
  readonly apiVersion: number;
}

/** Answers each request with the bytes given for its API key. */
class ScriptedBroker {
  readonly asked: Asked[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: (apiKey: number, port: number) => Buffer): Promise<ScriptedBroker> {
    const server = createServer();
    const broker = new ScriptedBroker(server);
    server.on("connection", (socket) => {
      broker.#sockets.add(socket);
      socket.on("data", (request) => {
        const apiKey = request.readInt16BE(4);
        broker.asked.push({ apiKey, apiVersion: request.readInt16BE(6) });
        socket.write(bytes(Buffer.concat([request.subarray(8, 12), answer(apiKey, broker.port)])));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function coordinator(error: number, port: number): Buffer {
  const body = [int32(0), int16(error), NULL_STRING, int32(1), string("127.0.0.1"), int32(port)];
  return Buffer.concat(body);
}

function group(error: number, state: string, protocol: string, members: readonly Buffer[]): Buffer {
  const head = [int32(0), int32(1), int16(error), string("g"), string(state), string(protocol), string("sticky")];
  return Buffer.concat([...head, int32(members.length), ...members, int32(-2_147_483_648)]);
}

function member(id: string, instanceId: string | null, assignment: Buffer): Buffer {
  const instance = instanceId === null ? NULL_STRING : string(instanceId);
  const subscription = bytes(Buffer.from("unread"));
  return Buffer.concat([string(id), instance, string("c"), string("/127.0.0.1"), subscription, bytes(assignment)]);
}

/** As a leader writes it: version 1, two topics, user data. */
const assignment = Buffer.concat([
  int16(1),
  int32(2),
  ...[string("balls"), int32(2), int32(0), int32(3)],
  ...[string("fixes"), int32(1), int32(3)],
  bytes(Buffer.from("user data")),
]);

describe("who is in a group", () => {
  let broker: ScriptedBroker | undefined;

  afterEach(async () => {
    await broker?.close();
  });

  const ask = async (answers: { coordinator?: number; group: Buffer }): Promise<GroupDescription> => {
    broker = await ScriptedBroker.start((apiKey, port) =>
      apiKey === FIND_COORDINATOR ? coordinator(answers.coordinator ?? 0, port) : answers.group,
    );
    const admin = confluentLog({ brokers: `127.0.0.1:${broker.port}` }).admin();
    try {
      return await admin.groupMembers("g");
    } finally {
      await admin.close();
    }
  };

  test("is read from the coordinator's answer, with what each member was given", async () => {
    const members = [member("m-1", "one", assignment), member("m-2", null, Buffer.alloc(0))];
    expect(await ask({ group: group(0, "Stable", "consumer", members) })).toEqual({
      state: "Stable",
      members: [
        {
          memberId: "m-1",
          instanceId: "one",
          clientId: "c",
          partitions: [
            { topic: "balls", partition: 0 },
            { topic: "balls", partition: 3 },
            { topic: "fixes", partition: 3 },
          ],
        },
        { memberId: "m-2", instanceId: null, clientId: "c", partitions: [] },
      ],
    });
    expect(broker!.asked).toEqual([
      { apiKey: FIND_COORDINATOR, apiVersion: 2 },
      { apiKey: DESCRIBE_GROUPS, apiVersion: 4 },
    ]);
  });

  test("members of another kind of group have no partitions that we could read", async () => {
    const members = [member("m-1", null, Buffer.from("something else"))];
    const { members: found } = await ask({ group: group(0, "Stable", "connect", members) });
    expect(found.map(({ partitions }) => partitions)).toEqual([[]]);
  });

  test.each([
    ["Dead", "Empty"],
    ["Empty", "Empty"],
    ["PreparingRebalance", "PreparingRebalance"],
    ["CompletingRebalance", "CompletingRebalance"],
    ["Assigning", "Unknown"],
  ])("a group that is %s is %s", async (said, state) => {
    expect(await ask({ group: group(0, said, "", []) })).toEqual({ state, members: [] });
  });

  test.each([
    ["COORDINATOR_LOAD_IN_PROGRESS", 14],
    ["COORDINATOR_NOT_AVAILABLE", 15],
    ["NOT_COORDINATOR", 16],
  ])("%s passes, whoever answers it", async (name, error) => {
    for (const answers of [{ group: group(error, "", "", []) }, { coordinator: error, group: Buffer.alloc(0) }]) {
      const failure = await ask(answers).catch((cause: unknown) => cause);
      expect(failure).toBeInstanceOf(RetryableError);
      expect((failure as Error).message).toBe(`admin group g: ${name} (${error})`);
      await broker!.close();
      broker = undefined;
    }
  });

  test("a group that this user may not see is an error with a remedy", async () => {
    const failure = await ask({ group: group(30, "", "", []) }).catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(FatalError);
    expect((failure as FatalError).message).toBe("admin group g: GROUP_AUTHORIZATION_FAILED (30)");
    expect((failure as FatalError).remedy).toBe("give this user the right Read on the consumer group");
  });

  test("an answer that ends early passes, as a broker that is gone does", async () => {
    await expect(ask({ group: group(0, "Stable", "consumer", []).subarray(0, 9) })).rejects.toBeInstanceOf(
      RetryableError,
    );
  });
});
