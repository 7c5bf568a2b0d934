/** The newest objects of a store once more, under new numbers. */
import type { ObjectReader, ObjectWriter } from "../../object-store/store.ts";

/** The progress that repeated objects move: no match of a feed, whose own stays where it is. */
const PROGRESS = "again";
/** A larger object is not repeated. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Appends the last `count` objects again, oldest first, through the store's one writer. Returns how many there were. */
export async function repeatInStore(writer: ObjectWriter, reader: ObjectReader, count: number): Promise<number> {
  const { objects } = await reader.list(Math.max(0, writer.head - count), count, MAX_BYTES);
  let repeated = 0;
  for (const { key, body, contentType } of objects) {
    if (body === null) continue;
    const step = writer.progress(PROGRESS)?.nextStep ?? (await begin(writer));
    const at = { matchId: PROGRESS, pass: 0, step };
    if (await writer.append({ key, body: body.toString("utf8"), contentType }, at)) repeated += 1;
  }
  return repeated;
}

async function begin(writer: ObjectWriter): Promise<number> {
  await writer.setProgress(PROGRESS, { pass: 0, nextStep: 0, done: false, plan: {}, digest: "" });
  return 0;
}
