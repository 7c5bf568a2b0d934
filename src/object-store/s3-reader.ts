/** Reads a store in S3. A list asks for names first: S3 gives them in order, and strongly consistent. */
import type { S3Client } from "@aws-sdk/client-s3";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { S3Location } from "./s3-client.ts";
import { fetchJson, fetchObject, identityKey, objectKey, s3Client, seqOf } from "./s3-client.ts";
import type { ObjectPage, ObjectReader, StoredObject } from "./store.ts";

/** Requests at the same time. */
const AT_ONCE = 16;

export class S3ObjectReader implements ObjectReader {
  readonly #location: S3Location;
  #client: Promise<S3Client> | undefined;

  constructor(location: S3Location) {
    this.#location = location;
  }

  async list(after: number, limit: number, maxBytes: number): Promise<ObjectPage> {
    const client = await this.#open();
    const identity = await fetchJson(client, this.#location.bucket, identityKey(this.#location));
    if (identity === null) return { store: "", head: 0, objects: [] };
    const { store } = identity.value as { store: string };
    const names = await this.#namesAfter(client, after);
    if (names.length === 0) return { store, head: await headBefore(client, this.#location, after), objects: [] };
    const wanted = withinBytes(names.slice(0, limit), maxBytes);
    const objects = await inOrder(wanted, (name) => fetchObject(client, this.#location, name.seq, maxBytes));
    const present = objects.flatMap((fetched) => (fetched === null ? [] : [fetched.object]));
    return { store, head: names.at(-1)?.seq ?? after, objects: present };
  }

  async get(seq: number, maxBytes: number): Promise<StoredObject | null> {
    if (seq < 1) return null;
    const fetched = await fetchObject(await this.#open(), this.#location, seq, maxBytes);
    return fetched?.object ?? null;
  }

  /** Up to 1000 objects after number `after`, as far as they follow each other without a hole. */
  async #namesAfter(client: S3Client, after: number): Promise<Name[]> {
    const { bucket, prefix } = this.#location;
    const listed = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: `${prefix}objects/`,
        StartAfter: objectKey(this.#location, after),
      }),
    );
    const names = (listed.Contents ?? []).flatMap(({ Key, Size }) => {
      const seq = seqOf(this.#location, Key ?? "");
      return seq === null ? [] : [{ seq, size: Size ?? 0 }];
    });
    const hole = names.findIndex(({ seq }, place) => seq !== after + 1 + place);
    return hole < 0 ? names : names.slice(0, hole);
  }

  async #open(): Promise<S3Client> {
    this.#client ??= s3Client(this.#location);
    return await this.#client;
  }
}

interface Name {
  readonly seq: number;
  readonly size: number;
}

/** At least one. */
function withinBytes(names: readonly Name[], maxBytes: number): readonly Name[] {
  let bytes = 0;
  const end = names.findIndex(({ size }, place) => {
    bytes += size;
    return place > 0 && bytes > maxBytes;
  });
  return end < 0 ? names : names.slice(0, end);
}

/** Nothing lies after `after`: the last number is that one, or, in a store that was emptied, an earlier one (found by halving). */
async function headBefore(client: S3Client, location: S3Location, after: number): Promise<number> {
  let [low, high] = [0, after];
  let probe = after;
  while (low < high) {
    if ((await fetchObject(client, location, probe, -1)) === null) high = probe - 1;
    else low = probe;
    probe = Math.ceil((low + high) / 2);
  }
  return low;
}

async function inOrder<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(call))));
  }
  return results;
}
