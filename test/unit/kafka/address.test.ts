import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { reach } from "../../../src/cloud-check/reach.ts";
import { formatAddress, parseAddress } from "../../../src/kafka/wire/address.ts";
import { BrokerConnection } from "../../../src/kafka/wire/broker-connection.ts";
import { Leaders } from "../../../src/kafka/wire/leaders.ts";
import { closeSql, openSql } from "../../../src/postgres/sql.ts";

/* Real listeners on the loopback address of IPv6. */

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listenOnIpv6(serve: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(serve).listen(0, "::1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** Metadata of one broker, which calls itself by this address, and no topics. */
function metadata(correlationId: number, host: string, port: number): Buffer {
  const nothing = int16(-1);
  const broker = [int32(1), int16(host.length), Buffer.from(host), int32(port), nothing];
  const body = Buffer.concat([int32(correlationId), int32(0), int32(1), ...broker, nothing, int32(1), int32(0)]);
  return Buffer.concat([int32(body.length), body]);
}

describe("the address of a broker", () => {
  test.each([
    ["kafka.example:9092", "kafka.example", 9092],
    ["127.0.0.1:29092", "127.0.0.1", 29092],
    ["[::1]:9092", "::1", 9092],
    ["[2001:db8::7]:1", "2001:db8::7", 1],
  ] as const)("%s is read and written", (address, host, port) => {
    expect(parseAddress(address)).toEqual({ host, port });
    expect(formatAddress(host, port)).toBe(address);
  });

  test("in brackets is connected to, and one that Kafka names without them is known by brackets", async () => {
    let port = 0;
    port = await listenOnIpv6((socket) => {
      socket.on("data", (request: Buffer) => socket.write(metadata(request.readInt32BE(8), "::1", port)));
    });
    const connection = await BrokerConnection.open(`[::1]:${port}`, 5000);
    connection.close();
    const leaders = new Leaders(`[::1]:${port}`, "test");
    expect([...(await leaders.lookUp([])).brokers.values()]).toEqual([`[::1]:${port}`]);
    expect([...(await leaders.lookUp([])).brokers.values()]).toEqual([`[::1]:${port}`]); // asked at the address it named
    leaders.close();
  });
});

test("Postgres is asked at an IPv6 address", async () => {
  let asked = 0;
  const port = await listenOnIpv6((socket) => {
    asked += 1;
    const fields = Buffer.from("SFATAL\0C28P01\0Mno\0\0");
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), int32(fields.length + 4), fields])));
  });
  const sql = openSql(`postgres://me:secret@[::1]:${port}/cricket`, { applicationName: "test" });
  await expect(sql`select 1`).rejects.toMatchObject({ code: "28P01" });
  await closeSql(sql);
  expect(asked).toBe(1);
});

test("cloud-check names an IPv6 address in brackets", async () => {
  const port = await listenOnIpv6((socket) => socket.destroy());
  const found = await reach("[::1]", port, "TU_POSTGRES_URL", AbortSignal.timeout(10_000));
  expect(found).toEqual({ ok: true, found: `[::1]:${port} answers, over IPv6` });
});
