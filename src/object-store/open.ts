/** A store by its address: a folder, or `s3://bucket/prefix`. */
import { FatalError } from "../domain/errors.ts";
import { ensureStoreId, storeFiles } from "./file-layout.ts";
import { FileObjectReader } from "./file-reader.ts";
import type { FileWriterOptions } from "./file-writer.ts";
import type { ObjectReader, ObjectWriter, StoredObject } from "./store.ts";
import type { S3Location } from "./s3-client.ts";

/** What is needed to reach S3 other than by the default of the environment. */
export interface StoreOptions extends FileWriterOptions {
  readonly region?: string;
}

/** @throws FatalError when the address names neither. */
export async function openReader(location: string, options: StoreOptions = {}): Promise<ObjectReader> {
  const s3 = s3Location(location, options.region);
  if (s3 === null) return new FileObjectReader(location);
  // Loaded when needed: the client takes longer to load than everything else together.
  const { S3ObjectReader } = await import("./s3-reader.ts");
  return new S3ObjectReader(s3);
}

/** @throws FatalError when another process writes this store. */
export async function openWriter(location: string, options: StoreOptions = {}): Promise<ObjectWriter> {
  const s3 = s3Location(location, options.region);
  if (s3 === null) {
    const { openFileWriter } = await import("./file-writer.ts");
    return await openFileWriter(location, options);
  }
  const { openS3Writer } = await import("./s3-writer.ts");
  return await openS3Writer(s3, options);
}

/** Creates an empty store where there is none, so that it has its id before its first object. S3: nothing, its writer does. */
export async function ensureStore(location: string): Promise<void> {
  if (s3Location(location) === null) await ensureStoreId(storeFiles(location));
}

/** Everything after `after` that is in the store now, in order: for audits. */
export async function* readObjects(reader: ObjectReader, after = 0): AsyncGenerator<StoredObject> {
  let seq = after;
  for (;;) {
    const { objects } = await reader.list(seq, 1000, 16 * 1024 * 1024);
    yield* objects;
    const last = objects.at(-1);
    if (last === undefined) return;
    seq = last.seq;
  }
}

function s3Location(location: string, region?: string): S3Location | null {
  if (!location.startsWith("s3://")) return null;
  const [bucket = "", ...rest] = location.slice("s3://".length).split("/");
  const prefix = rest.join("/").replace(/\/+$/u, "");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u.test(bucket)) {
    throw new FatalError(`${location} names no S3 bucket`, {
      remedy: "write TU_OBJECT_STORE as s3://bucket/prefix, or name a folder",
    });
  }
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/`, ...(region === undefined ? {} : { region }) };
}
