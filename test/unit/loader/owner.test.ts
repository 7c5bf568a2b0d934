import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

test("a warehouse that belongs to another is given to whoever runs the loader", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tu-owner-"));
  const { hot } = warehousePaths(dir);
  try {
    (await Warehouse.open(dir, 0)).close();
    chmodSync(dir, 0o755);
    chmodSync(hot, 0);
    const open = async (): Promise<void> => (await Warehouse.open(dir, 0)).close();
    const give = (): void => [dir, dirname(hot), hot].forEach((each) => chmodSync(each, 0o777));
    await remedyWorks("duckdb-errors/check-who", {
      attempt: () => asOrdinaryUser(open),
      does: { "check who owns the file and its folder": give },
    });
    await expect(open()).resolves.toBeUndefined();
  } finally {
    rmSync(dir, { recursive: true });
  }
});
