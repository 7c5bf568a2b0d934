import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgainMessage, type ChannelMessage, messageOf } from "../../../src/cli/play/channel.ts";
import { Misbehaviour, type MisbehaveHost } from "../../../src/cli/play/misbehave.ts";
import { PageEnd } from "../../../src/cli/play/page-end.ts";
import { pipelineState } from "../../../src/cli/screen/pipeline-state.ts";
import type { MisbehaveAnswer, MisbehaveRequest, PipelineState } from "../../../src/dashboard/api.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { openWriter } from "../../../src/object-store/open.ts";
import { parseSettings } from "../../../src/settings.ts";
import { busyModel, NOON, play, processStatus, sourceStatus } from "./screen-fixtures.ts";

describe("what the live page is told of the processes", () => {
  it("is what the screen shows: sources with their feeds, processors, processes", () => {
    const { sources, processors, processes } = pipelineState(busyModel());
    expect(sources.map(({ id }) => id)).toEqual(["odi", "t20i", "test"]);
    expect(sources[1]).toEqual({
      id: "t20i",
      store: "MongoDB",
      fed: 12_345,
      repeated: 3200,
      events: 12_357,
      lag: { amount: 0.4, unit: "seconds" },
      health: "working",
      state: "streaming",
      message: "",
      restarts: 0,
    });
    expect(processors.map(({ name, health, partitions, lag }) => ({ name, health, partitions, lag }))).toEqual([
      { name: "processor-1", health: "working", partitions: 2, lag: 12 },
      { name: "processor-2", health: "working", partitions: 2, lag: 0 },
    ]);
    expect(processes).toHaveLength(13);
    expect(processes).toContainEqual({ name: "mongodb", health: "working", state: "ready", pid: 4711, restarts: 1 });
  });

  it("tells waiting from down, and says nothing of what nobody has told yet", () => {
    const at = NOON;
    const retrying = { state: "retrying", message: "Postgres cannot be reached\u001b[2J", lag: null } as const;
    const list = [
      processStatus("source-odi"),
      processStatus("loader", { state: "backing-off", pid: null }),
      processStatus("kafka", { state: "starting" }),
    ];
    const model = play([
      { type: "processes", at, list },
      { type: "source", at, id: "odi", status: sourceStatus(retrying) },
    ]);
    const { sources, processes } = pipelineState(model);
    expect(sources[0]).toMatchObject({ health: "waiting", state: "retrying", fed: null, repeated: null, lag: null });
    expect(sources[0]?.message).toBe("Postgres cannot be reached [2J");
    expect(processes.map(({ health }) => health)).toEqual(["working", "down", "waiting"]);
    expect(pipelineState(play([])).sources[0]).toMatchObject({ health: null, state: null, restarts: null });
  });
});

describe("the buttons of the live page", () => {
  let dir: string;
  let done: string[];
  let clock: number;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "buttons-"));
    done = [];
    clock = 0;
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function misbehaviour(change: Partial<MisbehaveHost> = {}, env: Record<string, string> = {}): Misbehaviour {
    return new Misbehaviour({
      settings: parseSettings({ TU_LOCAL_DIR: dir, ...env }, dir),
      sources: ["odi", "t20i", "test"],
      processes: () => ["postgres", "mongodb", "lambda"].map((name) => processStatus(name)),
      kill: ({ name }) => void done.push(`kill ${name}`),
      killed: (target, name) => void done.push(`${target} ${name}`),
      send: () => false,
      tell: (text) => void done.push(text),
      now: () => clock,
      ...change,
    });
  }

  it.each([
    ["odi", "postgres", "postgres", "Postgres was killed and is being started again"],
    ["t20i", "mongo", "mongodb", "MongoDB was killed and is being started again"],
    ["test", "lambda", "lambda", "The Lambda endpoint was killed and is being started again"],
  ] as const)("kill the server of %s and no other", async (source, target, name, text) => {
    expect(await misbehaviour().handle({ source, kind: "crash" })).toEqual({ ok: true, text });
    expect(done).toEqual([`${target} ${name}`, `kill ${name}`]);
  });

  it("kill nothing that is down, not ours, or not played", async () => {
    const down = misbehaviour({ processes: () => [processStatus("postgres", { state: "backing-off", pid: null })] });
    expect(await down.handle({ source: "odi", kind: "crash" })).toMatchObject({
      ok: false,
      text: expect.stringMatching(/is down/u),
    });
    const cloud = misbehaviour({}, { TU_POSTGRES_URL: "postgres://me:secret@db.example.org/cricket" });
    const answer = await cloud.handle({ source: "odi", kind: "crash" });
    expect(answer).toEqual({ ok: false, text: "Postgres is no server of ours: it is not killed" });
    const one = misbehaviour({ sources: ["test"] });
    expect(await one.handle({ source: "odi", kind: "repeat" })).toEqual({ ok: false, text: "odi is not played" });
    expect(done).toEqual([]);
  });

  it("are not taken twice at once for the same source", async () => {
    const buttons = misbehaviour();
    const crash: MisbehaveRequest = { source: "t20i", kind: "crash" };
    expect(await buttons.handle(crash)).toMatchObject({ ok: true });
    clock = 2001;
    expect(await buttons.handle(crash)).toEqual({ ok: false, text: "not so fast: again in 3 s" });
    expect(await buttons.handle({ source: "odi", kind: "crash" })).toMatchObject({ ok: true });
    clock = 5000;
    expect(await buttons.handle(crash)).toMatchObject({ ok: true });
  });

  it("have the feed of the object store append again while it runs, and append themselves when it does not", async () => {
    const asked: AgainMessage[] = [];
    const fed = misbehaviour({
      send: (name, message) => {
        asked.push(message);
        queueMicrotask(() => fed.repeated({ type: "repeated", id: message.id, count: 7, problem: "" }));
        return name === "feed-test";
      },
    });
    const repeat: MisbehaveRequest = { source: "test", kind: "repeat" };
    const text = "7 objects of the object store were appended again";
    expect(await fed.handle(repeat)).toEqual({ ok: true, text });
    expect(asked).toMatchObject([{ type: "again", count: 20 }]);
    expect(done).toEqual([`live page: ${text}`]);

    const writer = await openWriter(join(dir, "object-store"));
    await writer.setProgress("1", { pass: 0, nextStep: 0, done: false, plan: {}, digest: "" });
    await writer.append({ key: "1/1", body: "a: 1", contentType: "text/plain" }, { matchId: "1", pass: 0, step: 0 });
    await writer.close();
    expect(await misbehaviour().handle(repeat)).toMatchObject({ ok: true, text: expect.stringMatching(/^1 objects/u) });
  });

  it("answer with what went wrong", async () => {
    const repeat: MisbehaveRequest = { source: "test", kind: "repeat" };
    const nothing = await misbehaviour().handle(repeat);
    expect(nothing).toEqual({ ok: false, text: "the object store holds no objects yet" });
    const failing = misbehaviour({
      send: (_name, { id }) => {
        queueMicrotask(() => failing.repeated({ type: "repeated", id, count: null, problem: "the disk is full" }));
        return true;
      },
    });
    expect(await failing.handle(repeat)).toEqual({ ok: false, text: "the disk is full" });
    const held = objectStoreTarget({ location: join(dir, "object-store") });
    await held.prepare();
    expect(await misbehaviour().handle(repeat)).toMatchObject({
      ok: false,
      text: expect.stringMatching(/is being written by another feed/u),
    });
    await held.close();
  });
});

describe("the loader's end of the channel", () => {
  type Handler = (request: MisbehaveRequest) => Promise<MisbehaveAnswer>;
  const state: PipelineState = { sources: [], processors: [], processes: [] };

  function connected(answerMs?: number): {
    end: PageEnd;
    said: ChannelMessage[];
    states: PipelineState[];
    handler: () => Handler | null;
  } {
    const said: ChannelMessage[] = [];
    const states: PipelineState[] = [];
    let handler: Handler | null = null;
    const page = {
      url: "http://127.0.0.1:29180/",
      pipeline: (told: PipelineState) => void states.push(told),
      onMisbehave: (given: Handler | null) => void (handler = given),
    };
    const end = new PageEnd({
      page,
      tell: (message) => void said.push(message),
      ...(answerMs === undefined ? {} : { answerMs }),
    });
    return { end, said, states, handler: () => handler };
  }

  it("passes states on, and offers the buttons only when somebody owns the processes", () => {
    const { end, states, handler } = connected();
    expect(handler()).toBeNull();
    end.hear({ type: "something else" });
    end.hear(null);
    expect(handler()).toBeNull();
    end.hear({ type: "pipeline", state });
    expect(states).toEqual([state]);
    expect(handler()).not.toBeNull();
  });

  it("brings each answer to the button that asked", async () => {
    const { end, said, handler } = connected();
    end.hear({ type: "pipeline", state });
    const answers = Promise.all([
      handler()!({ source: "odi", kind: "crash" }),
      handler()!({ source: "test", kind: "repeat" }),
    ]);
    const [first, second] = said.map((message) => messageOf("misbehave", message));
    expect([first, second]).toMatchObject([{ source: "odi", kind: "crash" }, { source: "test" }]);
    end.hear({ type: "misbehaved", id: second!.id, ok: false, text: "second" });
    end.hear({ type: "misbehaved", id: first!.id, ok: true, text: "first" });
    expect(await answers).toEqual([
      { ok: true, text: "first" },
      { ok: false, text: "second" },
    ]);
  });

  it("answers itself when nobody does", async () => {
    const { end, handler } = connected(5);
    end.hear({ type: "pipeline", state });
    expect(await handler()!({ source: "odi", kind: "crash" })).toMatchObject({
      ok: false,
      text: expect.stringMatching(/nobody has answered/u),
    });
  });

  it("tells where the page is, or why it is not", () => {
    const { end, said } = connected();
    end.note("no live page: port 29180 is taken");
    end.note(null);
    expect(said).toEqual([
      { type: "page", url: null, problem: "port 29180 is taken" },
      { type: "page", url: "http://127.0.0.1:29180/", problem: "" },
    ]);
  });
});
