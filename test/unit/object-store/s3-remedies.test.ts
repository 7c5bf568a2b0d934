import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import { afterEach, beforeEach, test, vi } from "vitest";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { ensureStore } from "../../../src/object-store/open.ts";
import { storeFiles } from "../../../src/object-store/file-layout.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* What the feed says of a store that it cannot write: it is done, and the store is written. */

let folder: string;
let server: S3rver;
/** `TU_OBJECT_STORE`. */
let location: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tu-s3-"));
  const buckets = [{ name: "cricket" }];
  server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: folder, configureBuckets: buckets });
  const { port } = await server.run();
  vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "S3RVER");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "S3RVER");
  // It stores the chunks of a checksummed body as they come.
  vi.stubEnv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");
  vi.stubEnv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required");
  location = "s3://cricket/store";
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the store for writing; throws what the feed is told. */
async function attempt(): Promise<void> {
  const target = objectStoreTarget({ location });
  try {
    await target.prepare();
  } catch (error) {
    throw target.classify(error, "preparing the store");
  } finally {
    await target.close();
  }
}

test("a bucket that is not there is another one", async () => {
  location = "s3://nothing/store";
  const correct = (): void => void (location = "s3://cricket/store");
  await remedyWorks("aws/correct-object-store", { attempt, does: { "correct TU_OBJECT_STORE": correct } });
});

test("credentials that are not there are set", async () => {
  vi.stubEnv("HOME", folder);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  for (const name of names) vi.stubEnv(name, undefined);
  const set = (): void => names.forEach((name) => vi.stubEnv(name, "S3RVER"));
  await remedyWorks("aws/aws-configure", {
    attempt,
    does: { "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env": set },
  });
});

test("a folder that cannot be written is another one", async () => {
  location = join(folder, "other");
  await ensureStore(location);
  mkdirSync(storeFiles(location).log);
  const name = (): void => void (location = join(folder, "store"));
  await remedyWorks("aws/name-folder", {
    attempt,
    does: { "name a folder that can be written in TU_OBJECT_STORE": name },
  });
});
