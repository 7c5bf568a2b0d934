import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError } from "../../domain/errors.ts";
import { openReader, readObjects } from "../../object-store/open.ts";
import { TEST_OBJECTS } from "../../pipelines/cricket/sources/test.ts";
import type { Topology } from "../../processor/topology.ts";
import type { RowFact } from "../facts.ts";
import { rowFact } from "../raw-fact.ts";

/**
 * Every object of the store there is now, by its number.
 * @throws FatalError when the store cannot be read.
 */
export async function readStoreRows<V>(
  location: string,
  topology: Topology<V>,
  signal: AbortSignal,
  visit: (row: RowFact) => void,
): Promise<void> {
  try {
    for await (const { seq, key, body } of readObjects(await openReader(location))) {
      signal.throwIfAborted();
      visit(
        rowFact(
          topology,
          { source: "test", topic: CRICKET_TOPICS.testRaw, table: "objects", id: seq, key: TEST_OBJECTS.keyOf(key) },
          // An object that is too large to list is too large to send: the source says so of it, and so do we.
          TEST_OBJECTS.toEvent(body ?? Buffer.alloc(0)),
        ),
      );
    }
  } catch (error) {
    if (signal.aborted || error instanceof FatalError) throw error;
    throw new FatalError(`the object store ${location} cannot be read: ${String(error)}`, {
      cause: error,
      remedy: "name its folder or bucket in TU_OBJECT_STORE",
    });
  }
}
