import { openReader } from "../../../object-store/open.ts";
import type { Settings } from "../../../settings.ts";
import type { Mark } from "./mark.ts";

/** The last object of the store: there is nothing after it, for its feed has ended. */
export async function markObjectStore(settings: Settings): Promise<Mark> {
  const reader = await openReader(settings.objectStore, { region: settings.lambdaRegion });
  const { store: end, head } = await reader.list(0, 0, 0);
  return { records: head, reachedBy: ({ store, after }) => store === end && Number(after) >= head };
}
