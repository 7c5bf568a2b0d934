import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { topology } from "../../../docs/examples/orders.ts";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { runProcessor } from "../../../src/processor/index.ts";
import { parseSettings, settingNames } from "../../../src/settings.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

// What users import by name is the source here, and not whatever was built last.
vi.mock("third-umpire", async () => import("../../../src/index.ts"));

const read = (path: string): string => readFileSync(packageFile(path), "utf8");

describe("README.md", () => {
  test("shows the example as it is type-checked", () => {
    expect(read("README.md")).toContain(`\`\`\`ts\n${read("docs/examples/orders.ts")}\`\`\``);
  });

  test("names every command, and none that does not exist", () => {
    const named = [...read("README.md").matchAll(/^\| `third-umpire ([a-z-]+)/gmu)].map(([, name]) => name ?? "");
    expect(named.toSorted()).toEqual(COMMAND_NAMES.toSorted());
  });
});

describe("docs/OPERATIONS.md", () => {
  test("lists every setting with its default, and no other", () => {
    const rows = [...read("docs/OPERATIONS.md").matchAll(/^\| `(TU_\w+)`\s*\| `?([^|`]*?)`?\s*\|/gmu)];
    expect(rows.map(([, name]) => name ?? "").toSorted()).toEqual(settingNames.toSorted());
    const given = Object.fromEntries(
      rows.filter(([, , ifAbsent]) => ifAbsent !== "").map(([, name, value]) => [name, value]),
    );
    expect(JSON.stringify(parseSettings(given, "/p"))).toBe(JSON.stringify(parseSettings({}, "/p")));
  });
});

describe("docs/examples/orders.ts", () => {
  test("adds up to the latest content of each order, whatever is repeated, changed or unreadable", async () => {
    await IdentityHasher.create();
    const broker = new ModelBroker();
    for (const name of [...topology.inputs, ...topology.outputs]) broker.createTopic({ name, partitions: 4 });
    const order = (id: string, cents: number): string => JSON.stringify({ id, customer: "ada", cents });
    const records = [order("1", 500), order("1", 500), order("1", 400), order("1", 500), order("2", 30), "no order"];
    for (const value of records) broker.append("shop.orders.raw", 0, "1", value);
    const stop = new AbortController();
    await runProcessor({
      log: new ModelLog(broker, { clientId: "shop-1" }),
      topology,
      groupId: "shop",
      instanceId: "shop-1",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: broker.clock,
      onCommitted: (_partition, position) => {
        if (position === records.length) stop.abort();
      },
    });
    const judged = broker
      .readCommitted("shop.verdicts")
      .map(({ value }) => decodeVerdictBlock(value ?? Buffer.alloc(0)));
    const rejected = judged.flatMap(({ entries }) => entries.map(({ offset, verdict }) => `${offset} ${verdict}`));
    expect(rejected).toEqual(["1 duplicate", "2 correction", "3 stale", "5 poison"]);
    const clean = broker.readCommitted("shop.orders").map(({ value }) => JSON.parse(value?.toString() ?? "") as object);
    expect(clean).toMatchObject([
      { id: "1", verdict: "accepted", centsAdded: 500 },
      { id: "1", verdict: "correction", centsAdded: -100 },
      { id: "2", verdict: "accepted", centsAdded: 30 },
    ]);
  });
});
