import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchMatches } from "../../../src/fetch/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { type Answer, fileAnswer, type FileServer, serve, zipOf } from "./server.ts";

/* What ends a fetch: the remedy is done, and the matches are there. */

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
});
