/** An object store as the target of a feed: one object a step, its progress within the object's own record. */
import { classifyAwsError } from "../../aws/errors.ts";
import { FatalError } from "../../domain/errors.ts";
import type { MatchProgress, ObjectWriter } from "../../object-store/store.ts";
import type { StoreOptions } from "../../object-store/open.ts";
import { openReader, openWriter } from "../../object-store/open.ts";
import { repeatInStore } from "../again/object-store.ts";
import type { PlanOptions, Step } from "../plan.ts";
import type { FeedConnection, FeedTarget, Progress, StepPlace } from "../target.ts";

/** What a step puts into the store: the object's key and its text. */
export interface ObjectContent {
  readonly key: string;
  readonly body: string;
}

export interface ObjectStoreTargetOptions extends StoreOptions {
  /** A folder, or `s3://bucket/prefix`. */
  readonly location: string;
}

const CONTENT_TYPE = "application/yaml";
/** A folder writes what arrives together at once; S3 queues it. */
const WINDOW_ROWS = 32;

export interface ObjectStoreTarget extends FeedTarget<ObjectContent> {
  /** Appends the last `count` objects once more, beside what the feed does. Returns how many there were. */
  repeat(count: number): Promise<number>;
}

export function objectStoreTarget(options: ObjectStoreTargetOptions): ObjectStoreTarget {
  const store = new SharedWriter(options);
  return {
    repeat: (count) =>
      store.use(async (writer) => repeatInStore(writer, await openReader(options.location, options), count)),
    prepare: () => store.use(async () => Promise.resolve()),
    finished: (keys) =>
      store.use((writer) => {
        const all = keys.map((key) => [key, writer.progress(key)] as const);
        return Promise.resolve(
          new Map(all.flatMap(([key, progress]) => (progress?.done === true ? [[key, progress.digest]] : []))),
        );
      }),
    again: (keys, plan) =>
      store.use(async (writer) => {
        for (const key of keys) {
          const progress = writer.progress(key);
          if (progress?.done === true) await writer.setProgress(key, nextPass(progress, plan, progress.digest));
        }
      }),
    connect: () => Promise.resolve(connection(store)),
    classify: (error, doing) => {
      const named = classifyAwsError(error, doing, "give its role s3:PutObject and s3:GetObject: just infra-apply");
      return named instanceof Error ? named : new Error(String(named));
    },
    close: () => store.close(),
  };
}

/** All connections write through one writer: a store has only one. */
function connection(store: SharedWriter): FeedConnection<ObjectContent> {
  return {
    windowRows: WINDOW_ROWS,
    begin: (key, plan, digest) =>
      store.use(async (writer) => {
        const existing = writer.progress(key);
        if (existing !== undefined) return toProgress(existing);
        const fresh = { pass: 0, nextStep: 0, done: false, plan: planFields(plan), digest };
        await writer.setProgress(key, fresh);
        return toProgress(fresh);
      }),
    restart: (key, plan, digest) =>
      store.use(async (writer) => {
        const existing = writer.progress(key);
        if (existing !== undefined) await writer.setProgress(key, nextPass(existing, plan, digest));
      }),
    insert: (at: StepPlace, step: Step<ObjectContent>) =>
      store.use((writer) => writer.append({ ...step.content, contentType: CONTENT_TYPE }, at)),
    finish: (key, pass, steps) =>
      store.use(async (writer) => {
        const progress = writer.progress(key);
        if (progress === undefined || progress.done || progress.pass !== pass || progress.nextStep !== steps)
          return false;
        await writer.setProgress(key, { ...progress, done: true });
        return true;
      }),
    close: () => Promise.resolve(), // the writer is everybody's
  };
}

function planFields({ seed, replayRate, correctionRate }: PlanOptions): Record<string, number> {
  return { seed, replayRate, correctionRate };
}

function nextPass(before: MatchProgress, plan: PlanOptions, digest: string): MatchProgress {
  return { pass: before.pass + 1, nextStep: 0, done: false, plan: planFields(plan), digest };
}

function toProgress({ pass, nextStep, done, plan, digest }: MatchProgress): Progress {
  const { seed = 0, replayRate = 0, correctionRate = 0 } = plan;
  return { pass, nextStep, done, plan: { seed, replayRate, correctionRate }, filesSha256: digest };
}

/** The one writer, opened when first needed, and opened anew after it failed: what is stored then, only the store can say. */
class SharedWriter {
  readonly #options: ObjectStoreTargetOptions;
  #writer: Promise<ObjectWriter> | null = null;
  #closed = false;

  constructor(options: ObjectStoreTargetOptions) {
    this.#options = options;
  }

  async use<T>(call: (writer: ObjectWriter) => Promise<T>): Promise<T> {
    if (this.#closed) throw new FatalError("the feed's object store was closed");
    const opening = (this.#writer ??= openWriter(this.#options.location, this.#options));
    try {
      return await call(await opening);
    } catch (error) {
      // The first of those that failed with this writer replaces it.
      if (this.#writer === opening) this.#writer = this.#reopen(opening);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const writer = this.#writer;
    this.#writer = null;
    await (await settled(writer))?.close();
  }

  /** Null until somebody asks again when it could not even be opened. */
  #reopen(failed: Promise<ObjectWriter>): Promise<ObjectWriter> | null {
    const next = settled(failed).then(async (writer) => {
      await writer?.close();
      return await openWriter(this.#options.location, this.#options);
    });
    next.catch(() => {
      if (this.#writer === next) this.#writer = null;
    });
    return next;
  }
}

/** The writer, or null when it could not be opened: whoever opened it has that error. */
async function settled(opening: Promise<ObjectWriter> | null): Promise<ObjectWriter | null> {
  return opening === null ? null : await opening.catch(() => null);
}
