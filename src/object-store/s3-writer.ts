/**
 * The writer of a store in S3. Every object is put under the next number on the condition that the number is free, so that two writers
 * cannot both take it; one after the other, so that there is never a hole. The progress of a match rides in the metadata of its object.
 */
import { randomBytes } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { FatalError, RetryableError } from "../domain/errors.ts";
import type { S3Location } from "./s3-client.ts";
import { fetchJson, fetchObject, identityKey, objectKey, progressKey, s3Client, toMetadata } from "./s3-client.ts";
import type { AppendAt, MatchProgress, NewObject, ObjectWriter } from "./store.ts";
import { etagOf, messageOf } from "./store.ts";

/** A writer that starts reads at most this many objects again. */
const CHECKPOINT_EVERY = 100;
const JSON_TYPE = "application/json";

interface Knowledge {
  readonly head: number;
  readonly matches: Readonly<Record<string, MatchProgress>>;
}

/** @throws whatever the S3 client says is wrong. */
export async function openS3Writer(
  location: S3Location,
  options: { readonly now?: () => number } = {},
): Promise<ObjectWriter> {
  const client = await s3Client(location);
  const store = await ensureIdentity(client, location);
  const written = await fetchJson(client, location.bucket, progressKey(location));
  const known = (written?.value ?? { head: 0, matches: {} }) as Knowledge;
  const matches = new Map(Object.entries(known.matches));
  let head = known.head;
  for (;;) {
    const next = await fetchObject(client, location, head + 1, -1);
    if (next === null) break;
    const { matchId, step } = next.progress;
    const match = matches.get(matchId);
    if (match !== undefined) matches.set(matchId, { ...match, nextStep: step + 1 });
    head += 1;
  }
  return new S3ObjectWriter({
    client,
    location,
    store,
    head,
    matches,
    tag: written?.tag ?? null,
    now: options.now ?? Date.now,
  });
}

async function ensureIdentity(client: S3Client, location: S3Location): Promise<string> {
  const key = identityKey(location);
  const body = JSON.stringify({
    format: 1,
    store: randomBytes(8).toString("hex"),
    createdAt: new Date().toISOString(),
  });
  for (;;) {
    const found = await fetchJson(client, location.bucket, key);
    if (found !== null) return (found.value as { store: string }).store;
    await putIf(client, { Bucket: location.bucket, Key: key, Body: body, ContentType: JSON_TYPE, IfNoneMatch: "*" });
  }
}

class S3ObjectWriter implements ObjectWriter {
  readonly store: string;
  readonly #client: S3Client;
  readonly #location: S3Location;
  readonly #matches: Map<string, MatchProgress>;
  readonly #now: () => number;
  #head: number;
  /** Tag of the progress file as we left it; null: there is none. */
  #tag: string | null;
  #sinceCheckpoint = 0;
  #last: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;

  constructor(o: {
    client: S3Client;
    location: S3Location;
    store: string;
    head: number;
    matches: Map<string, MatchProgress>;
    tag: string | null;
    now: () => number;
  }) {
    this.store = o.store;
    this.#client = o.client;
    this.#location = o.location;
    this.#head = o.head;
    this.#matches = o.matches;
    this.#tag = o.tag;
    this.#now = o.now;
  }

  get head(): number {
    return this.#head;
  }

  progress(matchId: string): MatchProgress | undefined {
    return this.#matches.get(matchId);
  }

  async append(object: NewObject, at: AppendAt): Promise<boolean> {
    return await this.#next(async () => {
      const match = this.#matches.get(at.matchId);
      if (match === undefined || match.done || match.pass !== at.pass || match.nextStep !== at.step) return false;
      await this.#put(object, at);
      this.#head += 1;
      this.#matches.set(at.matchId, { ...match, nextStep: at.step + 1 });
      this.#sinceCheckpoint += 1;
      if (this.#sinceCheckpoint >= CHECKPOINT_EVERY) await this.#checkpoint();
      return true;
    });
  }

  async setProgress(matchId: string, progress: MatchProgress): Promise<void> {
    await this.#next(async () => {
      const before = this.#matches.get(matchId);
      this.#matches.set(matchId, progress);
      try {
        await this.#checkpoint();
      } catch (error) {
        if (before === undefined) this.#matches.delete(matchId);
        else this.#matches.set(matchId, before);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined); // its caller has that error
    if (this.#failure === null && this.#sinceCheckpoint > 0) await this.#checkpoint();
    this.#failure ??= new Error("the writer was closed");
    if (this.#location.client === undefined) this.#client.destroy();
  }

  /** One call after the other; none after a failure, whose outcome only a new open can tell. */
  async #next<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last
      .catch(() => undefined) // its caller has that error; ours follows from #failure
      .then(async () => {
        if (this.#failure !== null)
          throw new RetryableError(`the object store must be opened again: ${messageOf(this.#failure)}`);
        try {
          return await call();
        } catch (error) {
          this.#failure = error;
          throw error;
        }
      });
    this.#last = result;
    return await result;
  }

  async #put(object: NewObject, at: AppendAt): Promise<void> {
    const seq = this.#head + 1;
    const etag = etagOf(object.body);
    const nonce = randomBytes(8).toString("hex");
    const stored = await putIf(this.#client, {
      Bucket: this.#location.bucket,
      Key: objectKey(this.#location, seq),
      Body: object.body,
      ContentType: object.contentType,
      Metadata: toMetadata(object.key, etag, new Date(this.#now()).toISOString(), at, nonce),
      IfNoneMatch: "*",
    });
    if (stored !== null) return;
    // The number is taken: by our own put, whose answer was lost and which the client repeated, or by another writer.
    const there = await fetchObject(this.#client, this.#location, seq, -1);
    if (there?.nonce !== nonce) throw anotherWriter(this.#location);
  }

  async #checkpoint(): Promise<void> {
    const knowledge: Knowledge = { head: this.#head, matches: Object.fromEntries(this.#matches) };
    const body = JSON.stringify(knowledge);
    const tag = await putIf(this.#client, {
      Bucket: this.#location.bucket,
      Key: progressKey(this.#location),
      Body: body,
      ContentType: JSON_TYPE,
      ...(this.#tag === null ? { IfNoneMatch: "*" } : { IfMatch: this.#tag }),
    });
    if (tag === null) {
      const there = await fetchJson(this.#client, this.#location.bucket, progressKey(this.#location));
      if (JSON.stringify(there?.value) !== body) throw anotherWriter(this.#location);
      this.#tag = there?.tag ?? null;
    } else this.#tag = tag;
    this.#sinceCheckpoint = 0;
  }
}

/** The new tag; null when the condition does not hold. */
async function putIf(
  client: S3Client,
  input: ConstructorParameters<typeof PutObjectCommand>[0],
): Promise<string | null> {
  try {
    return (await client.send(new PutObjectCommand(input))).ETag ?? "";
  } catch (error) {
    const { name } = error as Error;
    // 409: another conditional put of the same name is under way; whichever it is, ours was not done.
    if (name === "PreconditionFailed" || name === "ConditionalRequestConflict") return null;
    throw error;
  }
}

function anotherWriter(location: S3Location): FatalError {
  return new FatalError(
    `the object store s3://${location.bucket}/${location.prefix} is being written by another feed`,
    {
      remedy: "stop the other `third-umpire feed` first",
    },
  );
}
