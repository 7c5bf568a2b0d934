import type { TouchedMatch } from "../../src/loader/marts.ts";
import type { LoadPlan } from "../../src/loader/plan.ts";
import type { Warehouse } from "../../src/loader/warehouse.ts";

/** One transaction after the other, as a loader with nothing else under way. Returns the matches it touched. */
export async function loadPlan(warehouse: Warehouse, plan: LoadPlan): Promise<ReadonlyMap<string, TouchedMatch>> {
  const prepared = await warehouse.prepare(plan);
  await warehouse.load(prepared);
  return prepared.touched;
}
