/**
 * How a store lies in a bucket, below its prefix:
 *
 *   store.json            its id
 *   objects/000000000001  one object each, its number as the name, everything else about it as metadata
 *   progress.json         the writer's knowledge up to a number; what came after it is in the metadata of the objects
 */
import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { quietAwsSdk } from "../aws/quiet.ts";
import type { AppendAt, StoredObject } from "./store.ts";

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** As the environment says when absent. */
  readonly region?: string;
  /** For tests against another server. */
  readonly client?: S3Client;
}

export const objectKey = (location: S3Location, seq: number): string =>
  `${location.prefix}objects/${String(seq).padStart(12, "0")}`;
export const identityKey = (location: S3Location): string => `${location.prefix}store.json`;
export const progressKey = (location: S3Location): string => `${location.prefix}progress.json`;

/** The number in the name of an object; null when it is none of ours. */
export function seqOf(location: S3Location, key: string): number | null {
  const digits = /^\d{12}$/u.exec(key.slice(`${location.prefix}objects/`.length))?.[0];
  return digits === undefined ? null : Number(digits);
}

export async function s3Client(location: S3Location): Promise<S3Client> {
  if (location.client !== undefined) return location.client;
  quietAwsSdk();
  const { S3Client: Client } = await import("@aws-sdk/client-s3");
  return new Client(location.region === undefined ? {} : { region: location.region });
}

/** Metadata is carried in HTTP headers: ASCII only, names in lower case. */
export function toMetadata(
  key: string,
  etag: string,
  at: string,
  progress: AppendAt,
  nonce: string,
): Record<string, string> {
  const { matchId, pass, step } = progress;
  const where = JSON.stringify({ matchId, pass, step });
  return { key: encodeURIComponent(key), etag, at, progress: encodeURIComponent(where), nonce };
}

/** What both commands answer; only one has a body. */
type Found = Pick<GetObjectCommandOutput, "Body" | "Metadata" | "ContentLength" | "ContentType">;

export interface Fetched {
  readonly object: StoredObject;
  readonly progress: AppendAt;
  readonly nonce: string;
}

/** One object with its body up to `maxBytes`, below 0 what is said about it only; null when there is none. */
export async function fetchObject(
  client: S3Client,
  location: S3Location,
  seq: number,
  maxBytes: number,
): Promise<Fetched | null> {
  const where = { Bucket: location.bucket, Key: objectKey(location, seq) };
  const found: Found | null = await orNull(
    client.send(maxBytes < 0 ? new HeadObjectCommand(where) : new GetObjectCommand(where)),
  );
  if (found === null) return null;
  const metadata = found.Metadata ?? {};
  const size = found.ContentLength ?? 0;
  const isWanted = size <= maxBytes;
  const bytes = isWanted ? Buffer.from((await found.Body?.transformToByteArray()) ?? []) : null;
  if (!isWanted) discard(found.Body);
  const object = {
    seq,
    key: decodeURIComponent(metadata["key"] ?? ""),
    etag: metadata["etag"] ?? "",
    at: metadata["at"] ?? new Date(0).toISOString(),
    contentType: found.ContentType ?? "application/octet-stream",
    size,
    body: bytes,
  };
  const progress = JSON.parse(decodeURIComponent(metadata["progress"] ?? "{}")) as AppendAt;
  return { object, progress, nonce: metadata["nonce"] ?? "" };
}

/** A small object as JSON, with the tag that a conditional put needs; null when there is none. */
export async function fetchJson(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ readonly value: unknown; readonly tag: string } | null> {
  const found = await orNull(client.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
  if (found === null) return null;
  return { value: JSON.parse((await found.Body?.transformToString()) ?? "null"), tag: found.ETag ?? "" };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    // The answer to HEAD has no body that could say more.
    if (["NoSuchKey", "NotFound"].includes((error as Error).name)) return null;
    throw error;
  }
}

/** A body that nobody reads would keep its connection. */
function discard(body: unknown): void {
  if (typeof body === "object" && body !== null && "destroy" in body && typeof body.destroy === "function")
    body.destroy();
}
