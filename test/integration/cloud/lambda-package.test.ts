import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWriter } from "../../../src/object-store/open.ts";
import { builtMain, ROOT } from "../../support/cli.ts";

test("what infra-apply packs is all that the function needs, outside of this project", async () => {
  builtMain();
  const folder = mkdtempSync(join(tmpdir(), "third-umpire-package-"));
  try {
    const [packed, store] = [join(folder, "function"), join(folder, "store")];
    execFileSync(process.execPath, [join(ROOT, "scripts/lambda-package.mjs"), packed]);
    const writer = await openWriter(store);
    await writer.close();
    const call = `import("${packed}/infra/lambda/object-store/handler.js")
      .then(({ handler }) => handler({ op: "list", after: 0, limit: 1 }))
      .then((answer) => console.log(JSON.stringify(answer)))`;
    const env = { PATH: process.env["PATH"] ?? "", TU_OBJECT_STORE: store };
    const done = spawnSync(process.execPath, ["-e", call], { cwd: folder, env, encoding: "utf8" });
    expect(done.stderr).toBe("");
    expect(JSON.parse(done.stdout)).toMatchObject({ items: [], next: 0, head: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
