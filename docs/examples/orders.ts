// Every order once: repeats are dropped, changed orders replace what was counted, unreadable ones go to quarantine.
import {
  canonicalJson,
  defineTopology,
  jsonCodec,
  kafkaLog,
  PoisonError,
  runProcessor,
  type StoreSpec,
  type Topology,
} from "third-umpire";

interface Order {
  readonly id: string;
  readonly customer: string;
  readonly cents: number;
}

/** The latest content of each order: what a correction has to take back. */
const orders: StoreSpec<Order> = { name: "orders", value: jsonCodec() };

export const topology: Topology<Order> = defineTopology<Order>({
  name: "shop",
  inputs: ["shop.orders.raw"],
  outputs: ["shop.orders"],
  partitions: 4,
  review: { retention: "unbounded" },
  stores: [orders],
  decode: (record) => {
    const { id, customer, cents }: Partial<Order> = JSON.parse(record.value?.toString() ?? "null") ?? {};
    if (id === undefined || customer === undefined) throw new PoisonError("an order needs id and customer");
    if (!Number.isInteger(cents)) throw new PoisonError(`order ${id}: cents is ${cents}`);
    return { id, customer, cents: Number(cents) };
  },
  // Who the record is about, and what it says of it. Same key and content: a duplicate. Same key, new content: a correction.
  identify: (order) => ({ key: order.id, content: canonicalJson({ ...order }) }),
  process: (order, record, context) => {
    const before = context.store(orders).get(order.id);
    context.store(orders).put(order.id, order);
    const change = { ...order, verdict: context.verdict, centsAdded: order.cents - (before?.cents ?? 0) };
    context.emit("shop.orders", record.key, Buffer.from(JSON.stringify(change)));
  },
});

/** Runs until Ctrl-C. Start it twice, with two instance ids, and the partitions are shared. */
export async function main(brokers: string, instanceId: string): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  await runProcessor({
    log: kafkaLog({ brokers }),
    topology,
    groupId: "shop",
    instanceId,
    stateDir: ".local/state",
    signal: stop.signal,
    onStatus: ({ state, message, counts, lag }) => console.log(state, message, counts, `lag ${lag}`),
  });
}

if (process.argv[1]?.endsWith("orders.ts"))
  await main(process.argv[2] ?? "127.0.0.1:29092", process.argv[3] ?? "shop-1");
