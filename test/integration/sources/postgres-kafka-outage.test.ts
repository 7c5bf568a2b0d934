import { afterAll, beforeAll, expect, test } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { kafkaService } from "../../../src/local/index.ts";
import { loadSettings } from "../../../src/settings.ts";
import { killService, startTestStack, type TestStack } from "../../support/stack.ts";
import { allRowIds, insertBalls, newWorld, readTopic, settle, startSource, type World } from "./harness.ts";

/* A Kafka of its own, to be killed. */

let stack: TestStack;
let world: World;
beforeAll(async () => {
  stack = await startTestStack();
  const fresh = await newWorld(stack.postgresUrl);
  world = { ...fresh, log: confluentLog({ brokers: stack.brokers, clientId: "kafka-outage" }) };
});
afterAll(async () => {
  await world.close();
  await stack.stop();
});

test("EO-11: Kafka is away and then killed under the source: it says so, comes back by itself, and no row is lost or comes twice", async () => {
  const source = startSource(world);
  await source.until((status) => status.state === "streaming");
  await insertBalls(world, 100, 0);
  await stack.supervisor.stop("kafka");
  await insertBalls(world, 100, 100);
  await source.until((status) => status.state === "retrying");
  await stack.supervisor.start(kafkaService(stack.settings, { jars: loadSettings() }));
  await source.until((status) => status.state === "streaming");
  // Back within seconds, a killed Kafka may return before any call of the client has given up.
  await insertBalls(world, 100, 1000);
  const { back } = killService(stack.supervisor, "kafka");
  await insertBalls(world, 100, 1100);
  await back;
  await settle(world);
  const ids = (await readTopic(world, world.topics.raw)).map((event) => event.rowId);
  expect(ids.toSorted()).toEqual((await allRowIds(world)).toSorted());
  expect(source.current()).toMatchObject({ epoch: 1 });
});
