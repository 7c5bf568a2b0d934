import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { storeFiles } from "../../../src/object-store/file-layout.ts";
import { ensureStore, openReader, openWriter } from "../../../src/object-store/open.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* A place that is no object store: the remedy is done, and it is one. */

let root: string;
/** `TU_OBJECT_STORE`. */
let location: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-store-"));
  location = join(root, "store");
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const another = (): void => void (location = join(root, "another"));

async function attempt(): Promise<void> {
  await ensureStore(location);
  await (await openWriter(location)).close();
}

test("a folder that holds something else is left, or removed", async () => {
  const taken = location;
  await ensureStore(taken);
  writeFileSync(join(taken, "store.json"), "{}");
  await remedyWorks("object-store/other-folder", {
    attempt,
    does: { "name another folder in TU_OBJECT_STORE": another },
  });
  location = taken;
  const remove = (): void => rmSync(taken, { recursive: true });
  await remedyWorks("object-store/other-folder", { attempt, does: { "remove that one": remove } });
});

test("a folder that cannot be made is another one", async () => {
  writeFileSync(join(root, "file"), "");
  location = join(root, "file", "store");
  await remedyWorks("object-store/no-folder", { attempt, does: { "name another folder in TU_OBJECT_STORE": another } });
});

test("a lock file that keeps nothing is removed", async () => {
  await ensureStore(location);
  const { lock } = storeFiles(location);
  rmSync(lock, { force: true });
  symlinkSync("/dev/null", lock);
  await remedyWorks("writer-lock/start-again", { attempt, does: { "remove that file": () => rmSync(lock) } });
});

test("a bucket has a name, or is a folder", async () => {
  location = "s3://X";
  await remedyWorks("object-store/no-bucket", {
    attempt: () => openReader(location),
    does: { "write TU_OBJECT_STORE as s3://bucket/prefix, or name a folder": another },
  });
});
