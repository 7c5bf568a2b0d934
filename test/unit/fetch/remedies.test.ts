import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, pipeline } from "node:stream";
import { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchMatches } from "../../../src/fetch/index.ts";
import { selfSigned } from "../../support/certificate.ts";
import { ROOT } from "../../support/cli.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";
import { type SmallDisk, smallDisk } from "../../support/small-disk.ts";
import { type Answer, fileAnswer, type FileServer, serve, zipOf } from "./server.ts";

/* What ends a fetch: the remedy is done, and the matches are there. */

const KIB = 1024;
const archive = zipOf([{ name: "1.json", content: '{"a":1}' }]);
let root = "";
let dir = "";
let server: FileServer;
let url = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "third-umpire-fetch-"));
  dir = join(root, "t20i");
});

afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

async function answer(with_: Answer): Promise<void> {
  server = await serve(with_);
  ({ url } = server);
}

async function fetched(): Promise<void> {
  const { signal } = new AbortController();
  await fetchMatches({ source: "t20i", dir, url, signal, download: { tries: 1, random: () => 0 } });
  expect(readdirSync(dir)).toContain("1.json");
}

const other = (): void => void (dir = join(root, "other"));
const again = (): undefined => undefined;

describe("a fetch that was refused brings the matches when the remedy was done:", () => {
  test("an archive of another name", async () => {
    await answer((request, response, call) =>
      request.url === "/archive.zip" ? fileAnswer(archive)(request, response, call) : response.writeHead(404).end(),
    );
    url = url.replace("archive", "former");
    const right = (): void => void ({ url } = server);
    await remedyWorks("fetch/no-archive", { attempt: fetched, does: { "give its address with --url": right } });
  });

  test("an address that is none of an archive", async () => {
    await answer(fileAnswer(archive));
    url = "matches";
    const right = (): void => void ({ url } = server);
    await remedyWorks("fetch/address", {
      attempt: fetched,
      does: { "give an http address that ends in .zip": right },
    });
  });

  test("a server that falls silent, and answers the next time", async () => {
    await answer((request, response, call) =>
      call === 0 ? response.writeHead(503).end() : fileAnswer(archive)(request, response, call),
    );
    await remedyWorks("fetch/server-failed", { attempt: fetched, does: { "run the same command again": again } });
  });

  test("no network, and then one", async () => {
    await answer(fileAnswer(archive));
    const port = Number(new URL(url).port);
    await server.close();
    const connect = async (): Promise<void> => void (server = await serve(fileAnswer(archive), "/archive.zip", port));
    await remedyWorks("fetch/no-network", {
      attempt: fetched,
      does: { "check the network and run the same command again": connect },
    });
  });

  test("a folder with a person's own files", async () => {
    await answer(fileAnswer(archive));
    mkdirSync(dir);
    writeFileSync(join(dir, "mine.json"), "{}");
    const mine = dir;
    await remedyWorks("fetch/own-files", {
      attempt: fetched,
      does: { "give an empty or a new folder with --dir": other },
    });
    expect(readdirSync(mine)).toEqual(["mine.json"]);
  });

  test("an archive that is damaged", async () => {
    await answer((request, response, call) =>
      fileAnswer(call === 0 ? archive.subarray(0, -30) : archive, { etag: `"${call}"` })(request, response, call),
    );
    const remove = (): void => rmSync(join(root, "archive.zip"));
    await remedyWorks("fetch/damaged", {
      attempt: fetched,
      does: { "remove it and run the same command again": remove },
    });
  });

  describe("a disk that is full", () => {
    let disk: SmallDisk;
    let filler: string;
    beforeEach(async () => {
      disk = await smallDisk(512 * KIB);
      filler = join(disk.dir, "filler");
      dir = join(disk.dir, "t20i");
      writeFileSync(filler, Buffer.alloc(448 * KIB));
    });
    afterEach(() => disk.remove());
    const makeRoom = (): void => rmSync(filler);
    const fill = (): void => writeFileSync(filler, Buffer.alloc(448 * KIB));

    test("before all has arrived", async () => {
      await answer(fileAnswer(zipOf([{ name: "1.json", content: randomBytes(128 * KIB) }])));
      await remedyWorks("fetch/disk-full", {
        attempt: fetched,
        does: { "make room and run the same command again: it goes on where it stopped": makeRoom },
      });
      expect(server.calls.at(-1)?.range).toMatch(/^bytes=[1-9]\d{4,}-$/u);
      rmSync(dir, { recursive: true });
      rmSync(join(disk.dir, "archive.zip"));
      fill();
      await remedyWorks("fetch/disk-full", { attempt: fetched, does: { "or another folder with --dir": other } });
    });

    test("while it is unpacked", async () => {
      await answer(fileAnswer(zipOf([{ name: "1.json", content: Buffer.alloc(128 * KIB) }])));
      await remedyWorks("fetch/disk-full-unpacking", {
        attempt: fetched,
        does: { "make room and run the same command again": makeRoom },
      });
      rmSync(dir, { recursive: true });
      fill();
      await remedyWorks("fetch/disk-full-unpacking", {
        attempt: fetched,
        does: { "or another folder with --dir": other },
      });
    });
  });

  test("a proxy that opens TLS", { timeout: 120_000 }, async () => {
    await answer(fileAnswer(archive));
    const { cert, key } = await selfSigned(root);
    const proxy = await tlsOpener(new URL(url), { cert: readFileSync(cert), key: readFileSync(key) });
    const environment: Record<string, string> = { HTTPS_PROXY: proxy.url };
    const attempt = async (): Promise<void> => {
      const env = { ...withoutProxies(), ...environment };
      const args = [
        "--import",
        "tsx",
        "src/cli/main.ts",
        "fetch",
        "t20i",
        "--url",
        "https://localhost/archive.zip",
        "--dir",
        dir,
      ];
      const { code, said } = await run(args, env);
      const remedy = /\(remedy: (?<text>.*)\)$/mu.exec(said)?.groups?.["text"];
      if (remedy !== undefined) throw new Told(remedy);
      expect({ code, said }).toMatchObject({ code: 0 });
      expect(readdirSync(dir)).toContain("1.json");
    };
    await remedyWorks("fetch/proxy-certificate", {
      attempt,
      does: { "name its certificate in NODE_EXTRA_CA_CERTS": () => (environment["NODE_EXTRA_CA_CERTS"] = cert) },
    });
    await proxy.close();
  });
});

/** A proxy that shows every host's clients its own certificate, and asks `target` for what they want. */
async function tlsOpener(
  target: URL,
  certificate: { readonly cert: Buffer; readonly key: Buffer },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Duplex>();
  const proxy = createServer();
  proxy.on("connect", (_, client: Socket) => {
    sockets.add(client);
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const opened = new TLSSocket(client, { isServer: true, ...certificate });
    // A client that does not trust it hangs up: that is what the test is about.
    opened.on("error", () => client.destroy());
    opened.once("secure", () => {
      const upstream = connect(Number(target.port), target.hostname);
      sockets.add(upstream);
      pipeline(opened, upstream, opened, () => undefined);
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, "close");
    },
  };
}

function withoutProxies(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:.*_proxy|NODE_EXTRA_CA_CERTS|TU_.*)$/iu.test(name)),
  );
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, args, { env, cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}
