/** What is known of a download: which version of the resource it is (RFC 9110 validators), so that it can be gone on with or left as it is. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";

export interface Version {
  readonly url: string;
  /** A strong ETag; weak ones do not promise equal bytes. */
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** The version that a response carries. */
export function versionOf(url: string, headers: Headers): Version {
  const etag = headers.get("etag");
  return {
    url,
    etag: etag === null || etag.startsWith("W/") ? null : etag,
    lastModified: headers.get("last-modified"),
  };
}

/** What to send as If-Range, so that the rest comes only of the same version; null: nothing tells versions apart. */
export function validator(version: Version): string | null {
  return version.etag ?? version.lastModified;
}

/** @returns null when there is no record, or none that can be read: then the download begins anew. */
export async function readVersion(path: string, url: string): Promise<Version | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const value = parsed(text);
  return value !== null && value.url === url ? value : null;
}

export async function writeVersion(path: string, version: Version): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  try {
    await writeFile(temporary, `${JSON.stringify(version)}\n`);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

function parsed(text: string): Version | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // cut off in the middle of writing it
  }
  if (typeof value !== "object" || value === null) return null;
  const { url, etag, lastModified } = value as Record<string, unknown>;
  const isTextOrNull = (it: unknown): it is string | null => it === null || typeof it === "string";
  return typeof url === "string" && isTextOrNull(etag) && isTextOrNull(lastModified)
    ? { url, etag, lastModified }
    : null;
}
