import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { RetryableError } from "../../../src/domain/errors.ts";
import { errOnce } from "../../../src/feed/err-once.ts";
import { odiScripts, runFeed, t20iScripts, testScripts } from "../../../src/feed/index.ts";
import type { FeedConnection, FeedTarget, MatchScript, PlanOptions, Progress, Step } from "../../../src/feed/index.ts";
import { csv1Text, csv2Text, jsonText, stepsOf, temporaryFolder, write, yamlText } from "../../unit/feed/files.ts";

/* The feed's own loops against a target in memory that fails at will; test/integration holds the same against the real ones. */

const dir = temporaryFolder();
const messy: PlanOptions = { seed: 3, replayRate: 0.4, correctionRate: 0.2 };

let scripts: MatchScript<unknown>[] = [];
let planned: Map<string, unknown[]>;
beforeAll(async () => {
  for (const id of ["1", "2"]) {
    write(dir, `${id}.json`, jsonText(25));
    write(dir, `${id}.yaml`, yamlText(25));
    write(dir, `${id}.csv`, id === "1" ? csv1Text(25) : csv2Text(id, 25));
  }
  scripts = [
    ...(await odiScripts([dir])),
    ...(await t20iScripts([dir])).map((script) => ({ ...script, progressKey: `${script.matchId}#json` })),
    ...(await testScripts([dir])).map((script) => ({ ...script, progressKey: `${script.matchId}#yaml` })),
  ] as MatchScript<unknown>[];
  planned = new Map();
  for (const script of errOnce(scripts))
    planned.set(
      script.progressKey,
      (await stepsOf(script, messy)).map((step) => step.content),
    );
});

/** What happens to the n-th insert: it fails and is not in, its answer is lost, or the process ends before or behind it. */
type Mishap = "fails" | "answer lost" | "killed before" | "killed after";

class MemoryTarget implements FeedTarget<unknown> {
  readonly rows: Map<string, unknown[]> = new Map();
  readonly order: string[] = [];
  readonly #progress = new Map<string, Progress>();
  readonly #mishaps: ReadonlyMap<number, Mishap>;
  readonly #windowRows: number;
  #inserts = 0;
  #kill: AbortController = new AbortController();

  constructor(mishaps: ReadonlyMap<number, Mishap>, windowRows: number) {
    this.#mishaps = mishaps;
    this.#windowRows = windowRows;
  }

  /** The signal of the next incarnation. */
  revive(): AbortSignal {
    this.#kill = new AbortController();
    return this.#kill.signal;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }
  finished(keys: readonly string[]): Promise<Map<string, string>> {
    const done = keys.map((key) => [key, this.#progress.get(key)] as const);
    return Promise.resolve(
      new Map(done.flatMap(([key, progress]) => (progress?.done === true ? [[key, progress.filesSha256]] : []))),
    );
  }
  again(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  classify(error: unknown): Error {
    return error as Error;
  }

  connect(): Promise<FeedConnection<unknown>> {
    return Promise.resolve({
      windowRows: this.#windowRows,
      begin: (key, plan, digest) => {
        const begun = this.#progress.get(key) ?? { pass: 0, nextStep: 0, done: false, plan, filesSha256: digest };
        this.#progress.set(key, begun);
        return Promise.resolve(begun);
      },
      restart: (key, plan, digest) => {
        const pass = this.#progress.get(key)!.pass + 1;
        this.#progress.set(key, { pass, nextStep: 0, done: false, plan, filesSha256: digest });
        return Promise.resolve();
      },
      insert: (at, step) => this.#insert(at, step),
      finish: (key, pass, steps) => {
        const progress = this.#progress.get(key);
        if (progress === undefined || progress.pass !== pass || progress.nextStep !== steps)
          return Promise.resolve(false);
        this.#progress.set(key, { ...progress, done: true });
        return Promise.resolve(true);
      },
      close: () => Promise.resolve(),
    });
  }

  #insert(at: { matchId: string; pass: number; step: number }, step: Step<unknown>): Promise<boolean> {
    const mishap = this.#mishaps.get(this.#inserts);
    this.#inserts += 1;
    if (mishap === "killed before") this.#kill.abort();
    // A process that is gone sends nothing more.
    if (this.#kill.signal.aborted || mishap === "fails") return Promise.reject(new RetryableError("lost"));
    const progress = this.#progress.get(at.matchId);
    if (progress === undefined || progress.pass !== at.pass || progress.nextStep !== at.step)
      return Promise.resolve(false);
    this.#progress.set(at.matchId, { ...progress, nextStep: at.step + 1 });
    this.rows.set(at.matchId, [...(this.rows.get(at.matchId) ?? []), step.content]);
    this.order.push(at.matchId);
    if (mishap === "killed after") this.#kill.abort();
    return mishap === undefined ? Promise.resolve(true) : Promise.reject(new RetryableError("lost"));
  }
}

test("EO-3: whatever fails at whatever step, in whatever format, every step is in once and in order, also with many under way", async () => {
  const mishap = fc.constantFrom<Mishap>("fails", "answer lost", "killed before", "killed after");
  const total = [...planned.values()].reduce((sum, rows) => sum + rows.length, 0);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(total + 20), mishap), { maxLength: 8 }),
      fc.constantFrom(1, 5, 32),
      fc.constantFrom(1, 3),
      async (mishaps, windowRows, connections) => {
        const target = new MemoryTarget(new Map(mishaps), windowRows);
        for (let complete = false; !complete;) {
          const signal = target.revive();
          // The back-off as short as it can be.
          const options = { ...messy, intervalMs: 0, random: () => 0, connections };
          ({ complete } = await runFeed({ ...options, scripts, target, signal, onStatus: () => undefined }));
        }
        expect(target.rows).toEqual(planned);
      },
    ),
    { numRuns: 60 },
  );
});

test("a match that several folders hold is played from one after the other, however many play at once", async () => {
  const target = new MemoryTarget(new Map(), 32);
  await runFeed({ ...messy, intervalMs: 0, scripts, target, signal: target.revive(), onStatus: () => undefined });
  for (const id of ["1", "2"]) {
    const keys = scripts.filter((script) => script.matchId === id).map((script) => script.progressKey);
    const played = target.order.filter((key) => keys.includes(key));
    expect(played.filter((key, index) => key !== played[index - 1])).toEqual(keys);
  }
});

test("a file that changed after its match was played is played again, and that is said; the others are not", async () => {
  const target = new MemoryTarget(new Map(), 32);
  const feed = async (played: readonly MatchScript<unknown>[]): Promise<string[]> => {
    const messages: string[] = [];
    const options = { seed: 0, replayRate: 0, correctionRate: 0, intervalMs: 0, target, signal: target.revive() };
    const { complete } = await runFeed({
      ...options,
      scripts: played,
      onStatus: ({ message }) => messages.push(message),
    });
    expect(complete).toBe(true);
    return messages;
  };
  await feed(scripts);
  const before = target.order.length;
  expect(await feed(scripts)).not.toContainEqual(expect.stringContaining("played again"));
  expect(target.order).toHaveLength(before);
  const [first, ...others] = scripts as [MatchScript<unknown>, ...MatchScript<unknown>[]];
  const edition = { ...first, digest: () => Promise.resolve("of the new edition") };
  const messages = await feed([edition, ...others]);
  expect(messages).toContainEqual(
    `the file of match ${first.matchId} is not the one that was played before: it is played again`,
  );
  expect(messages.at(-1)).toContain("a file had changed");
  expect(new Set(target.order.slice(before))).toEqual(new Set([first.progressKey]));
  expect(target.rows.get(first.progressKey)).toHaveLength(2 * target.order.slice(before).length);
});
