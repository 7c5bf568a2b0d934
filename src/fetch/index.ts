/** Gets an archive of Cricsheet's and unpacks it into a folder that `play` takes. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { ARCHIVES, DOWNLOADS_PAGE, type Fetchable } from "./archives.ts";
import { download, type DownloadOptions } from "./download.ts";
import { unpack } from "./unpack.ts";

export { ARCHIVES, ATTRIBUTION, FETCHABLE, type Fetchable } from "./archives.ts";

export interface FetchOptions {
  readonly source: Fetchable;
  /** Where the match files are to be; the archive is kept beside it. */
  readonly dir: string;
  /** Another address than Cricsheet's own: a mirror, or a new name. */
  readonly url?: string;
  readonly signal: AbortSignal;
  readonly onDownload?: DownloadOptions["onProgress"];
  readonly onRetry?: DownloadOptions["onRetry"];
  readonly onUnpack?: (files: number, total: number) => void;
  readonly download?: Pick<DownloadOptions, "tries" | "silenceMs" | "random">;
}

export interface FetchSummary {
  readonly source: Fetchable;
  readonly url: string;
  readonly archive: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The server had nothing newer than the archive that was here. */
  readonly unchanged: boolean;
  readonly dir: string;
  /** Match files in the folder. */
  readonly files: number;
}

/** @throws FatalError with the remedy. What was downloaded stays; the folder holds the old matches or the new ones, never a mixture. */
export async function fetchMatches(options: FetchOptions): Promise<FetchSummary> {
  const { source, signal } = options;
  const dir = resolve(options.dir);
  const url = addressOf(options.url ?? ARCHIVES[source].url);
  const archive = join(dirname(dir), basename(new URL(url).pathname));
  await mkdir(dirname(dir), { recursive: true });
  const got = await download({
    ...options.download,
    url,
    file: archive,
    signal,
    ...(options.onDownload === undefined ? {} : { onProgress: options.onDownload }),
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
  });
  // As sha256sum writes and checks it.
  await writeFile(`${archive}.sha256`, `${got.sha256}  ${basename(archive)}\n`);
  const files = await unpack({
    archive,
    dir,
    extension: ARCHIVES[source].extension,
    origin: [`From ${url}`, `sha256 ${got.sha256}`],
    signal,
    ...(options.onUnpack === undefined ? {} : { onProgress: options.onUnpack }),
  });
  return { source, url, archive, bytes: got.bytes, sha256: got.sha256, unchanged: got.unchanged, dir, files };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/u.test(url.protocol) || !/[^/]\.zip$/u.test(url.pathname)) {
    throw new FatalError(`${text} is not the address of a zip archive`, {
      remedy: `give an http address that ends in .zip, such as those of ${DOWNLOADS_PAGE}`,
    });
  }
  return url.href;
}
