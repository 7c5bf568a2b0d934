/** What a source must show, one check each. A check throws when it is not so. */
import { expect } from "vitest";
import { partitionFor } from "../../src/domain/partition.ts";
import { sourceFaultChecks } from "./source-faults.ts";
import { type RawEvent, readGaps, type SourceHarness, storedPosition } from "./source-harness.ts";
import { Crash, crashAt, Scene } from "./source-scene.ts";

export interface SourceCheck {
  readonly title: string;
  readonly run: () => Promise<void>;
}

export function sourceChecks(harness: SourceHarness): SourceCheck[] {
  const check = (title: string, plot: (scene: Scene) => Promise<void>): SourceCheck => ({
    title,
    run: () => Scene.play(harness, plot),
  });
  return [
    ...["taken", "produced", "committed", "acknowledged"].map((point) =>
      check(`EO-11: a crash at '${point}' of the stream: nothing lost, position exact`, (scene) =>
        crashInStream(scene, point),
      ),
    ),
    ...["taken", "produced", "committed", ...harness.snapshotPoints].map((point) =>
      check(`EO-11: a crash at '${point}' of the first start: nothing lost, and no gap`, (scene) =>
        crashInFirstStart(scene, point),
      ),
    ),
    check("EO-11: a restart goes on where the position stands", goOn),
    check("rows of a key keep their order, on the partition of the key, with complete CloudEvents headers", headers),
    check("a row that cannot be read goes out as unreadable, and the rest goes on", unreadable),
    check("an abort ends the source, idle or in the middle of a backlog, and loses nothing", abort),
    check("EO-13: history that is lost is a new epoch, one gap event and whatever the source still has", gap),
    ...["taken", "produced", "committed"].map((point) =>
      check(
        `EO-13: a crash at '${point}' of a new epoch's first transaction repeats neither epoch nor gap event`,
        (scene) => crashInGap(scene, point),
      ),
    ),
    ...sourceFaultChecks(check, verify),
  ];
}

/** Everything is in Kafka, in order, as often as allowed, and the position counts what is there. */
async function verify(scene: Scene, epoch = 1): Promise<RawEvent[]> {
  const { world } = scene;
  await scene.settled();
  let events: RawEvent[] = [];
  // The markers of one commit reach the partitions one after the other.
  await scene.eventually("the position counts the events that are in Kafka", async () => {
    const position = await storedPosition(world);
    events = await scene.raw();
    if (position?.epoch !== epoch) return `the epoch is ${position?.epoch}, not ${epoch}`;
    return position.events === events.length ? undefined : `it says ${position.events}, there are ${events.length}`;
  });
  const ids = new Map<number, string>();
  const last = new Map<string, number>();
  for (const event of events) {
    const n = world.rowOf(event);
    if (n === undefined) continue;
    const id = event.headers.get("ce_id") ?? "";
    const before = ids.get(n);
    if (before !== undefined) {
      if (epoch === 1 && before !== id) throw new Error(`row ${n} came as ${before} and as ${id}`);
      continue;
    }
    ids.set(n, id);
    if (n < (last.get(event.key) ?? -1)) throw new Error(`row ${n} of ${event.key} came after ${last.get(event.key)}`);
    last.set(event.key, n);
  }
  expect(new Set(ids.values()).size, "two rows under one event id").toBe(ids.size);
  expect(await readGaps(world)).toHaveLength(epoch - 1);
  return events;
}

function expectNoRepeats(scene: Scene, events: readonly RawEvent[]): void {
  if (scene.harness.repeats === "same-id") return;
  const rows = events.map((event) => scene.world.rowOf(event));
  expect(rows.length, "rows that came again").toBe(new Set(rows).size);
}

async function crashInStream(scene: Scene, point: string): Promise<void> {
  for (const nth of [2, 0]) {
    let isStreaming = (): boolean => false;
    const source = scene.start({ at: crashAt(point, nth, () => isStreaming()) });
    isStreaming = () => source.current()?.state === "streaming";
    const end = source.ended.then((error) => ({ error }));
    let ended: { error: unknown } | undefined;
    while (ended === undefined) {
      const before = source.current()?.events ?? 0;
      await scene.append(3);
      const more = source.until("more events are in Kafka", ({ events }) => events > before);
      ended = await Promise.race([end, more.then(() => undefined).catch(() => end)]);
    }
    expect(ended.error).toBeInstanceOf(Crash);
  }
  await scene.startStreaming();
  await scene.append(10);
  const events = await verify(scene);
  // Rows of the first start may be copied again; this source began empty, so all were streamed.
  expectNoRepeats(scene, events);
}

async function crashInFirstStart(scene: Scene, point: string): Promise<void> {
  await scene.append(120);
  const nths = scene.harness.snapshotPoints.includes(point) ? [0] : [1, 0];
  for (const nth of nths) expect(await scene.start({ at: crashAt(point, nth) }).ended).toBeInstanceOf(Crash);
  await scene.startStreaming();
  await scene.append(10);
  await verify(scene);
}

async function goOn(scene: Scene): Promise<void> {
  await scene.append(20);
  for (let round = 0; round < 3; round += 1) {
    const source = await scene.startStreaming();
    await scene.append(10);
    await scene.settled();
    await source.stop();
    await scene.append(10);
  }
  await scene.startStreaming();
  expectNoRepeats(scene, await verify(scene));
}

const HEADERS: Readonly<Record<string, RegExp>> = {
  ce_specversion: /^1\.0$/u,
  ce_id: /^\S+$/u,
  ce_source: /^[\w-]+\/\S+$/u,
  ce_type: /^[a-z0-9.-]+\.v\d+$/u,
  ce_time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u,
  ce_subject: /^\S+$/u,
  ce_rowid: /^\w+\/\S+$/u,
  "content-type": /^application\/[\w+.-]+$/u,
};

async function headers(scene: Scene): Promise<void> {
  const { world } = scene;
  await scene.append(60);
  await scene.startStreaming();
  await scene.append(40);
  const rowIds = new Set<string>();
  for (const event of await verify(scene)) {
    for (const [name, form] of Object.entries(HEADERS)) expect(event.headers.get(name) ?? "", name).toMatch(form);
    expect([...event.headers.keys()].toSorted(), "no other header").toEqual([...Object.keys(HEADERS)].toSorted());
    expect(event.headers.get("ce_subject"), "ce_subject").toBe(event.key);
    expect(event.partition, "the partition of the key").toBe(partitionFor(Buffer.from(event.key), world.partitions));
    rowIds.add(event.headers.get("ce_rowid") ?? "");
  }
  expect(rowIds.size, "every row has a name of its own").toBe(scene.rows);
}

async function unreadable(scene: Scene): Promise<void> {
  await scene.append(5);
  await scene.world.appendUnreadable("m1");
  await scene.startStreaming();
  await scene.append(5);
  await scene.world.appendUnreadable("m2");
  await scene.append(5);
  const odd = (await verify(scene)).filter((event) => scene.world.rowOf(event) === undefined);
  expect(odd, "odd rows").toHaveLength(2);
  for (const event of odd) {
    expect(event.headers.get("ce_type")).toMatch(/\.unreadable\.v1$/u);
    const { problem } = JSON.parse(event.value.toString()) as { problem: unknown };
    expect(problem).toEqual(expect.stringMatching(/./u));
  }
}

async function abort(scene: Scene): Promise<void> {
  const idle = await scene.startStreaming();
  await idle.stop();
  expect(idle.current()?.state).toBe("stopped");
  expect(await idle.ended).toBeUndefined();
  await scene.append(200);
  const busy = scene.start();
  await busy.until("something is in Kafka", ({ events }) => events > 0);
  await busy.stop();
  expect(await busy.ended).toBeUndefined();
  await scene.startStreaming();
  expectNoRepeats(scene, await verify(scene));
}

/** Streams some rows, stops, and loses the history of what comes next. Returns the number of the first row after the loss. */
async function lose(scene: Scene): Promise<number> {
  const source = await scene.startStreaming();
  await scene.append(20);
  await scene.settled();
  await source.stop();
  await scene.append(10);
  await scene.world.loseHistory();
  const first = scene.rows;
  await scene.append(10);
  return first;
}

async function expectOneGap(scene: Scene, first: number): Promise<void> {
  await scene.append(5);
  await scene.settled(first);
  const gaps = await readGaps(scene.world);
  expect(gaps, "gap events").toHaveLength(1);
  const [gap] = gaps;
  expect(gap).toMatchObject({ sourceId: scene.world.sourceId, epoch: 2 });
  expect(gap?.from, "the last position of the epoch before").not.toBeNull();
  expect(gap?.reason).toMatch(/\w/u);
  expect(gap?.action).toMatch(/\w/u);
  expect(gap?.at).toMatch(/^\d{4}-\d\d-\d\dT/u);
  await scene.eventually("the position counts the events that are in Kafka", async () => {
    const position = await storedPosition(scene.world);
    const { length } = await scene.raw();
    const is = `epoch ${position?.epoch}, ${position?.events} events, ${length} in Kafka`;
    return position?.epoch === 2 && position.events === length ? undefined : is;
  });
}

async function gap(scene: Scene): Promise<void> {
  const first = await lose(scene);
  const source = await scene.startStreaming();
  await expectOneGap(scene, first);
  await source.stop();
  await scene.startStreaming();
  await expectOneGap(scene, first);
}

async function crashInGap(scene: Scene, point: string): Promise<void> {
  const first = await lose(scene);
  expect(await scene.start({ at: crashAt(point, 0) }).ended).toBeInstanceOf(Crash);
  await scene.startStreaming();
  await expectOneGap(scene, first);
}
