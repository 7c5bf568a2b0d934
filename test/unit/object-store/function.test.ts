import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  FunctionRequests,
  GET_BYTES,
  type GetAnswer,
  LIST_BYTES,
  type ListAnswer,
} from "../../../src/object-store/function.ts";
import { openReader, openWriter } from "../../../src/object-store/open.ts";
import { etagOf } from "../../../src/object-store/store.ts";

let dir: string;
let requests: FunctionRequests;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "function-"));
  requests = new FunctionRequests(await openReader(dir), 1500);
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function store(...bodies: string[]): Promise<string> {
  const writer = await openWriter(dir);
  await writer.setProgress("m", { pass: 0, nextStep: 0, done: false, plan: {}, digest: "" });
  for (const [step, body] of bodies.entries()) {
    await writer.append({ key: `m/${step}`, body, contentType: "application/yaml" }, { matchId: "m", pass: 0, step });
  }
  await writer.close();
  return writer.store;
}

const list = async (after: number, limit?: number): Promise<ListAnswer> =>
  (await requests.answer({ op: "list", after, ...(limit === undefined ? {} : { limit }) })) as ListAnswer;

const get = async (seq: number, ifNoneMatch?: string): Promise<GetAnswer> =>
  (await requests.answer({ op: "get", seq, ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }) })) as GetAnswer;

describe("the function before the object store", () => {
  it("lists what comes after a cursor, and where the next list begins", async () => {
    const id = await store("a", "b", "c");
    const answer = await list(1, 1);
    expect(answer).toMatchObject({ next: 2, head: 3, pollAfterMs: 1500, store: id });
    expect(answer.items).toEqual([
      {
        seq: 2,
        key: "m/1",
        etag: etagOf("b"),
        at: expect.any(String) as string,
        contentType: "application/yaml",
        size: 1,
        body: "b",
      },
    ]);
    expect(await list(3)).toMatchObject({ items: [], next: 3, head: 3 });
    expect(await list(9)).toMatchObject({ items: [], next: 9, head: 3 });
  });

  it("answers the same to the same question", async () => {
    await store("a", "ü\u0001\n\"'", "c");
    expect(JSON.stringify(await list(0))).toBe(JSON.stringify(await list(0)));
  });

  it("says of a store that nobody has created that it has no id", async () => {
    expect(await list(0)).toEqual({ items: [], next: 0, head: 0, pollAfterMs: 1500, store: "" });
    expect(await get(1)).toEqual({ item: null, notModified: false });
  });

  it("ends a list before it is too long, counting bytes as JSON", async () => {
    const half = Math.floor(LIST_BYTES / 2) - 1000;
    const newlines = "\n".repeat(half / 2 + 1000); // twice as long as JSON
    await store("x".repeat(half), newlines, "z", "x".repeat(half));
    const first = await list(0);
    expect(first.items.map(({ seq }) => seq)).toEqual([1]);
    expect(first.next).toBe(1);
    expect((await list(1)).items.map(({ seq }) => seq)).toEqual([2, 3]);
    for (const after of [0, 1, 3]) {
      expect(Buffer.byteLength(JSON.stringify(await list(after)))).toBeLessThan(LIST_BYTES + 500);
    }
  });

  it("leaves out a body that is too large alone; get gives it, up to what an answer of Lambda can carry", async () => {
    const large = "x".repeat(LIST_BYTES);
    await store("a", large, "\u0001".repeat(GET_BYTES / 6), "b");
    expect((await list(0)).items.map(({ seq }) => seq)).toEqual([1]);
    const { items } = await list(1);
    expect(items.map(({ seq, body, size }) => [seq, body, size])).toEqual([[2, null, LIST_BYTES]]);
    expect((await get(2)).item?.body).toBe(large);
    expect((await get(3)).item).toMatchObject({ seq: 3, body: null, size: GET_BYTES / 6 });
    expect((await get(4)).item?.body).toBe("b");
  });

  it("leaves out the body that the caller has already", async () => {
    await store("a");
    expect(await get(1, etagOf("a"))).toMatchObject({ notModified: true, item: { seq: 1, body: null } });
    expect(await get(1, etagOf("b"))).toMatchObject({ notModified: false, item: { seq: 1, body: "a" } });
  });

  it.each([
    [null, 'a request is a JSON object with "op", and not null'],
    [[], 'a request is a JSON object with "op", and not []'],
    [{}, 'op must be "list" or "get", and not absent'],
    [{ op: "put" }, 'op must be "list" or "get", and not "put"'],
    [{ op: "list" }, "after must be a whole number from 0 to 9007199254740991, and not absent"],
    [{ op: "list", after: "1" }, 'and not "1"'],
    [{ op: "list", after: -1 }, "and not -1"],
    [{ op: "list", after: 1.5 }, "and not 1.5"],
    [{ op: "list", after: 0, limit: 101 }, "limit must be a whole number from 1 to 100, and not 101"],
    [{ op: "list", after: 0, seq: 1 }, '"seq" is no field of list: it takes op, after, limit'],
    [{ op: "get", seq: 0 }, "seq must be a whole number from 1"],
    [{ op: "get", seq: 1, ifNoneMatch: 5 }, "ifNoneMatch must be a text, and not 5"],
  ])("refuses %j and says why", async (event, message) => {
    await expect(requests.answer(event)).rejects.toMatchObject({
      name: "BadRequestError",
      message: expect.stringContaining(message) as string,
    });
  });
});
