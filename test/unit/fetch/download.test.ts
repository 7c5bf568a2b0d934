import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, on } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { download, type DownloadOptions } from "../../../src/fetch/download.ts";
import { type Answer, fileAnswer, type FileServer, serve } from "./server.ts";

const body = randomBytes(300_000);
const sum = createHash("sha256").update(body).digest("hex");

let folder = "";
let file = "";
let server: FileServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-fetch-"));
  file = join(folder, "archive.zip");
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function get(answer: Answer, options: Partial<DownloadOptions> = {}): ReturnType<typeof download> {
  await server?.close();
  server = await serve(answer);
  return await again(options);
}

const again = (options: Partial<DownloadOptions> = {}): ReturnType<typeof download> =>
  download({
    url: server?.url ?? "",
    file,
    signal: new AbortController().signal,
    random: () => 0,
    ...options,
    onProgress: (received, total) => {
      progress.emit("received", received);
      options.onProgress?.(received, total);
    },
  });

const progress = new EventEmitter();

/** Resolves when the client has more than it has now. */
async function arrived(): Promise<void> {
  let first: number | undefined;
  for await (const [received] of on(progress, "received") as AsyncIterable<[number]>) {
    first ??= received;
    if (received > first) return;
  }
}

async function failure(work: Promise<unknown>): Promise<FatalError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FatalError)) throw new Error(`no FatalError but ${String(error)}`);
  return error;
}

describe("download", () => {
  test("brings the file and its checksum, and leaves no part", async () => {
    expect(await get(fileAnswer(body))).toEqual({ bytes: body.length, sha256: sum, unchanged: false });
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  test("goes on where the connection was cut, by itself, and only with the same version", async () => {
    const retries: string[] = [];
    const cutAfter = (call: number): number | undefined => (call < 2 ? 100_000 : undefined);
    const got = await get(fileAnswer(body, { cutAfter, arrived }), { onRetry: (reason) => retries.push(reason) });
    expect(got.sha256).toBe(sum);
    expect(retries).toHaveLength(2);
    expect(server?.calls[0]?.range).toBeUndefined();
    expect(
      server?.calls
        .slice(1)
        .every(({ range, ifRange }) => /^bytes=[1-9]\d*-$/u.test(range ?? "") && ifRange === '"one"'),
    ).toBe(true);
  });

  test("goes on in a later run", async () => {
    await failure(get(fileAnswer(body, { cutAfter: () => 100_000, arrived }), { tries: 1 }));
    const had = readFileSync(`${file}.part`).length;
    expect(had).toBeGreaterThan(0);
    // A later run meets the same address: the record of the part names it.
    const first = server?.url ?? "";
    await server?.close();
    const port = Number(new URL(first).port);
    server = await serveAt(port, fileAnswer(body));
    expect((await again()).sha256).toBe(sum);
    expect(server.calls[0]?.range).toBe(`bytes=${had}-`);
  });

  test("begins anew when the server has another version by now", async () => {
    const other = randomBytes(200_000);
    const answer: Answer = (request, response, call) =>
      call === 0
        ? fileAnswer(body, { cutAfter: () => 100_000, arrived })(request, response, call)
        : fileAnswer(other, { etag: '"two"' })(request, response, call);
    await get(answer);
    expect(readFileSync(file).equals(other)).toBe(true);
  });

  test("begins anew when the server ignores Range", async () => {
    const cutAfter = (call: number): number | undefined => (call === 0 ? 100_000 : undefined);
    expect((await get(fileAnswer(body, { cutAfter, arrived, ranges: false }))).sha256).toBe(sum);
  });

  test("begins anew when a part has no version that could be trusted", async () => {
    writeFileSync(`${file}.part`, "of another file");
    expect((await get(fileAnswer(body))).sha256).toBe(sum);
    expect(server?.calls[0]?.range).toBeUndefined();
  });

  test("begins anew when the server sends another part than was asked for", async () => {
    const answer: Answer = (request, response, call) => {
      if (call === 0) fileAnswer(body, { cutAfter: () => 100_000, arrived })(request, response, call);
      else if (call === 1) {
        response.writeHead(206, { etag: '"one"', "content-range": `bytes 5-9/${body.length}`, "content-length": 5 });
        response.end(body.subarray(5, 10));
      } else fileAnswer(body)(request, response, call);
    };
    expect((await get(answer)).sha256).toBe(sum);
    expect(server?.calls[2]?.range).toBeUndefined();
  });

  test("takes a part that was whole already", async () => {
    server = await serve(fileAnswer(body));
    writeFileSync(`${file}.part`, body);
    writeFileSync(`${file}.part.json`, JSON.stringify({ url: server.url, etag: '"one"', lastModified: null }));
    expect((await again()).sha256).toBe(sum);
    expect(server.calls).toHaveLength(1);
  });

  test("leaves a file that is still the newest", async () => {
    await get(fileAnswer(body));
    expect(await again()).toEqual({ bytes: body.length, sha256: sum, unchanged: true });
  });

  test("tells how far it is", async () => {
    const seen: [number, number | null][] = [];
    await get(fileAnswer(body), { onProgress: (received, total) => seen.push([received, total]) });
    expect(seen[0]).toEqual([0, body.length]);
    expect(seen.at(-1)).toEqual([body.length, body.length]);
  });

  test("tries again what a busy server refused", async () => {
    const answer: Answer = (request, response, call) =>
      call === 0 ? response.writeHead(503).end() : fileAnswer(body)(request, response, call);
    expect((await get(answer)).sha256).toBe(sum);
  });

  test("names the address and a remedy for an archive that does not exist", async () => {
    const error = await failure(get((_, response) => response.writeHead(404).end("no")));
    expect(error.message).toBe(`${server?.url}: the server answered 404`);
    expect(error.remedy).toContain("--url");
    expect(server?.calls).toHaveLength(1);
  });

  test("names the address and the way by hand when there is no network", async () => {
    const error = await failure(get(fileAnswer(body), { url: "http://nowhere.invalid/a.zip", tries: 1 }));
    expect(error.message).toContain("http://nowhere.invalid/a.zip cannot be reached: this machine has no way to it");
    expect(error.remedy).toContain("unpack it into a folder");
  });

  test("gives up a server that falls silent", async () => {
    const answer: Answer = (_, response) => {
      response.writeHead(200, { etag: '"one"', "content-length": body.length });
      response.write(body.subarray(0, 1000));
    };
    const error = await failure(get(answer, { silenceMs: 300, tries: 1 }));
    expect(error.message).toContain("has sent nothing for 0.3 s");
    expect(existsSync(file)).toBe(false);
  });

  test("ends at once when it is stopped, and keeps what it has", async () => {
    const stop = new AbortController();
    const work = get(fileAnswer(body, { cutAfter: () => 100_000, arrived }), {
      signal: stop.signal,
      onProgress: (received) => {
        if (received > 0) stop.abort(new Error("stopped by the test"));
      },
    });
    await expect(work).rejects.toThrow("stopped by the test");
    expect(existsSync(`${file}.part`)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });
});

async function serveAt(port: number, answer: Answer): Promise<FileServer> {
  return await serve(answer, "/archive.zip", port);
}
