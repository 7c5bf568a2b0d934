/** An object store as the target of a feed: one object a step, its progress within the object's own record. */
import { classifyAwsError } from "../../aws/errors.ts";
import { FatalError } from "../../domain/errors.ts";
import type { MatchProgress, ObjectReader, ObjectWriter } from "../../object-store/store.ts";
import type { StoreOptions } from "../../object-store/open.ts";
import { openReader, openWriter, readObjects } from "../../object-store/open.ts";
import { yamlDelivery, yamlEdition } from "../formats/yaml-editions.ts";
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
    connect: () => Promise.resolve(connection(store, () => openReader(options.location, options))),
    classify: (error, doing) => {
      const named = classifyAwsError(error, doing, "give its role s3:PutObject and s3:GetObject: just infra-apply");
      return named instanceof Error ? named : new Error(String(named));
    },
    close: () => store.close(),
  };
}

/** All connections write through one writer: a store has only one. */
function connection(store: SharedWriter, reader: () => Promise<ObjectReader>): FeedConnection<ObjectContent> {
  return {
    stated: async ({ matchId, edition }) => {
      const before = new Set<string>();
      const deleted = new Set<string>();
      for await (const { key: objectKey, body } of readObjects(await reader())) {
        const delivery = objectKey.startsWith(`${matchId}/`) ? yamlDelivery(objectKey) : null;
        const of = yamlEdition(body?.toString("utf8") ?? "");
        if (delivery === null || of > edition) continue;
        if (of === edition) {
          if (delivery.deleted) deleted.add(delivery.key);
        } else if (delivery.deleted) before.delete(delivery.key);
        else before.add(delivery.key);
      }
      return { before, deleted };
    },
    windowRows: WINDOW_ROWS,
    begin: (key, plan, digest) =>
      store.use(async (writer) => {
        const existing = writer.progress(key);
        if (existing !== undefined) return toProgress(existing);
        const fresh: MatchProgress = { pass: 0, nextStep: 0, done: false, plan: planFields(plan), digest };
        await writer.setProgress(key, fresh);
        return toProgress(fresh);
      }),
    restart: (key, plan, digest) =>
      store.use(async (writer) => {
        const existing = writer.progress(key);
        if (existing === undefined) return;
        const next = nextPass(existing, plan, digest);
        await writer.setProgress(key, { ...next, plan: { ...next.plan, edition: editionOf(existing) + 1 } });
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
  // The number of the edition stands with the plan: the store keeps both as the feed gave them.
  const edition = editionOf(before);
  const kept = { ...planFields(plan), ...(edition === 1 ? {} : { edition }) };
  return { pass: before.pass + 1, nextStep: 0, done: false, plan: kept, digest };
}

function editionOf({ plan }: MatchProgress): number {
  return plan["edition"] ?? 1;
}

function toProgress({ pass, nextStep, done, plan, digest }: MatchProgress): Progress {
  const { seed = 0, replayRate = 0, correctionRate = 0, edition = 1 } = plan;
  return { pass, nextStep, done, plan: { seed, replayRate, correctionRate }, filesSha256: digest, edition };
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
