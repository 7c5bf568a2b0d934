import { describe, expect, it } from "vitest";
import { choiceHash, choiceOf } from "../../../../src/dashboard/client/state/choice.ts";
import { chosenId, initialState, STREAM_LENGTH } from "../../../../src/dashboard/client/state/model.ts";
import { reduce } from "../../../../src/dashboard/client/state/reducer.ts";
import { fallen } from "../../../../src/dashboard/client/state/stream.ts";
import { after, asked, ball, hello, live, NO_COUNTS, NOTHING, showing, view } from "./fixtures.ts";

describe("a page that connects", () => {
  it("asks for everything it shows", () => {
    expect(after([hello(false)]).wants.map(({ kind }) => kind)).toEqual(["live", "pipeline", "rejected"]);
  });

  it("asks for nothing again when it resumed behind its last event", () => {
    const lost = after([{ type: "connection-lost", attempt: 1, retryAt: 5 }], asked(showing(3)));
    const back = reduce(lost, hello(true));
    expect(back.wants).toEqual([]);
    expect(back.connection).toEqual({ kind: "live" });
    expect(back.announcement).toBe("Connected again.");
    expect(back.match.value?.match.deliveries).toBe(3);
  });

  it("fetches all again, the match too, when the server knows nothing of its last event", () => {
    const back = reduce(asked(showing(3)), hello(false));
    expect(back.wants.map(({ kind }) => kind)).toEqual(["live", "pipeline", "rejected", "match"]);
  });

  it("takes what a server says that has less than the one before", () => {
    const back = asked(reduce(asked(showing(30)), hello(false)));
    const fresh = { ...NOTHING, t20i: live("m", "t20i", 2) };
    const next = after(
      [
        { type: "fetched", fetched: { kind: "match", id: "m", value: view("m", "t20i", 2) } },
        { type: "fetched", fetched: { kind: "live", value: fresh } },
      ],
      back,
    );
    expect(next.match.value?.match.deliveries).toBe(2);
    expect(next.live.value?.t20i?.match.deliveries).toBe(2);
    expect(next.wants).toEqual([]);
  });

  it("loads itself again when the server speaks another version", () => {
    expect(reduce(showing(1), hello(true, "2")).outdated).toBe(true);
    expect(showing(1).outdated).toBe(false);
  });
});

describe("a ball", () => {
  const event = (deliveries: number) =>
    ({ type: "event", event: { type: "ball", data: ball("m", "t20i", deliveries) } }) as const;

  it("that follows on is put into scoreboard, card, worm, Manhattan and commentary without asking the server", () => {
    const next = reduce(asked(showing(3)), event(4));
    expect(next.live.value?.t20i?.line).toBe("Nepal 4/0");
    const shown = next.match.value;
    expect(shown?.match.deliveries).toBe(4);
    expect(shown?.innings[0]?.card.runs).toBe(4);
    expect(shown?.innings[0]?.worm.map(([n]) => n)).toEqual([1, 2, 3, 4]);
    expect(shown?.innings[0]?.manhattan).toEqual([[1, 4, 0]]);
    expect(shown?.commentary.map(({ label }) => label)).toEqual(["0.4", "0.3", "0.2", "0.1"]);
    expect(next.wants).toEqual([]);
  });

  it("that the view holds already changes nothing of it", () => {
    const before = asked(showing(3));
    expect(reduce(before, event(3)).match.value).toBe(before.match.value);
  });

  it("that does not follow on makes the page fetch the match, and keep what it shows until then", () => {
    const next = reduce(asked(showing(3)), event(5));
    expect(next.wants).toEqual([{ kind: "match", id: "m" }]);
    expect(next.match.value?.match.deliveries).toBe(3);
  });

  it("that overtook the answer to a question is not taken back by it", () => {
    const late = after(
      [
        event(4),
        event(5),
        { type: "fetched", fetched: { kind: "match", id: "m", value: view("m", "t20i", 4) } },
        { type: "fetched", fetched: { kind: "live", value: { ...NOTHING, t20i: live("m", "t20i", 4) } } },
      ],
      asked(showing(3)),
    );
    expect(late.live.value?.t20i?.match.deliveries).toBe(5);
    expect(late.wants).toEqual([{ kind: "match", id: "m" }]);
  });

  it("of another match moves its scoreboard only", () => {
    const other = { type: "event", event: { type: "ball", data: ball("o", "odi", 9) } } as const;
    const next = reduce(asked(showing(3)), other);
    expect(next.live.value?.odi?.match.id).toBe("o");
    expect(next.match.value?.match.id).toBe("m");
    expect(next.wants).toEqual([]);
  });

  it("of a new match makes a page that follows the format go over to it", () => {
    const next = reduce(asked(showing(3)), { type: "event", event: { type: "ball", data: ball("n", "t20i", 1) } });
    expect(chosenId(next)).toBe("n");
    expect(next.match.value).toBeNull();
    expect(next.wants).toEqual([{ kind: "match", id: "n" }]);
  });

  it("of a new match leaves a page alone that shows one match for good", () => {
    const page = asked(showing(3, { kind: "match", id: "m" }));
    const next = reduce(page, { type: "event", event: { type: "ball", data: ball("n", "t20i", 1) } });
    expect(next.match.value?.match.id).toBe("m");
    expect(next.wants).toEqual([]);
  });

  it("before anything was fetched chooses the format that has it", () => {
    const next = reduce(initialState(null), { type: "event", event: { type: "ball", data: ball("o", "odi", 1) } });
    expect(next.choice).toEqual({ kind: "follow", format: "odi" });
  });

  it("that is a wicket is announced, others are not", () => {
    const quiet = reduce(asked(showing(3)), event(4));
    expect(quiet.announcement).toBe("");
    const data = ball("m", "t20i", 4);
    const wicket = { ...data, ball: { ...data.ball, kind: "wicket", text: "Ali to Khan, OUT" } } as const;
    expect(reduce(asked(showing(3)), { type: "event", event: { type: "ball", data: wicket } }).announcement).toContain(
      "OUT",
    );
  });
});

describe("a changed match", () => {
  it("is fetched again when it is shown, and only then", () => {
    const changed = (matchId: string) =>
      ({
        type: "event",
        event: { type: "match", data: { matchId, format: "t20i", reason: "correction", live: null } },
      }) as const;
    expect(reduce(asked(showing(3)), changed("m")).wants).toEqual([{ kind: "match", id: "m" }]);
    expect(reduce(asked(showing(3)), changed("x")).wants).toEqual([]);
  });

  it("that cannot be fetched says why, and can be tried again", () => {
    const want = { kind: "match", id: "m" } as const;
    const failed = reduce(asked(showing(3)), { type: "failed", want, detail: "gone" });
    expect(failed.match.error).toBe("gone");
    expect(reduce(failed, { type: "retry-match" }).wants).toEqual([want]);
  });
});

describe("verdicts", () => {
  const record = (offset: number) => ({
    id: `cricket.odi.raw/0@${offset}`,
    at: 1,
    format: "odi" as const,
    input: { topic: "cricket.odi.raw", partition: 0, offset },
    verdict: "duplicate" as const,
    key: null,
    matchId: null,
    eventId: null,
    firstSeen: null,
    reason: null,
  });

  it("fall into the stream by what the totals rose, the rarer ones in front", () => {
    const now = { ...NO_COUNTS, accepted: 3, duplicate: 1 };
    expect(fallen(NO_COUNTS, now, 10)).toEqual(["duplicate", "accepted", "accepted", "accepted"]);
    expect(fallen(null, now, 10)).toEqual([]);
  });

  it("keep counts, stream and list, each record once and none without end", () => {
    const event = (totals: object, offsets: readonly number[]) =>
      ({
        type: "event",
        event: {
          type: "verdicts",
          data: {
            totals: { ...NO_COUNTS, ...totals },
            bySource: { odi: NO_COUNTS, t20i: NO_COUNTS, test: NO_COUNTS },
            rejected: offsets.map(record),
          },
        },
      }) as const;
    const next = after([
      event({}, []),
      event({ accepted: 500, duplicate: 1 }, [7]),
      event({ accepted: 500, duplicate: 2 }, [9, 7]),
    ]);
    expect(next.totals).toMatchObject({ accepted: 500, duplicate: 2 });
    expect(next.stream).toHaveLength(STREAM_LENGTH);
    expect(next.stream.slice(0, 3)).toEqual(["duplicate", "duplicate", "accepted"]);
    expect(next.rejected.map(({ input }) => input.offset)).toEqual([9, 7]);
  });
});

describe("making a source misbehave", () => {
  it("shows that it is waited for, then what was answered", () => {
    const begun = after([{ type: "misbehave", source: "odi", kind: "repeat" }]);
    expect(begun.wants).toEqual([{ kind: "misbehave", source: "odi", body: { kind: "repeat" } }]);
    expect(begun.misbehaviour.odi).toEqual({ kind: "repeat", answer: null });
    const value = { ok: true, text: "12 rows repeated" };
    const done = reduce(begun, { type: "fetched", fetched: { kind: "misbehave", source: "odi", value } });
    expect(done.misbehaviour.odi?.answer).toEqual(value);
  });
});

describe("the match picker", () => {
  const page = (ids: readonly string[], next: string | null) => ({
    matches: ids.map((id) => view(id, "odi", 1).match),
    next,
    total: 3,
  });

  it("appends further pages and drops answers to earlier searches", () => {
    const opened = asked(after([{ type: "picker-open" }, { type: "picker-query", query: { q: "oman" } }]));
    const first = reduce(opened, {
      type: "fetched",
      fetched: { kind: "picker", query: { q: "oman" }, value: page(["a", "b"], "c1") },
    });
    const stale = reduce(first, {
      type: "fetched",
      fetched: { kind: "picker", query: { q: "om" }, value: page(["x"], null) },
    });
    expect(stale.picker.page.value?.matches.map(({ id }) => id)).toEqual(["a", "b"]);
    const more = reduce(stale, { type: "picker-more" });
    expect(more.wants).toEqual([{ kind: "picker", query: { q: "oman", limit: 40, cursor: "c1" } }]);
    const all = reduce(more, {
      type: "fetched",
      fetched: { kind: "picker", query: { q: "oman", limit: 40, cursor: "c1" }, value: page(["c"], null) },
    });
    expect(all.picker.page.value?.matches.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });
});

describe("the address", () => {
  it.each([{ kind: "follow", format: "test" } as const, { kind: "match", id: "12 34/5" } as const])(
    "keeps %o",
    (choice) => {
      expect(choiceOf(choiceHash(choice))).toEqual(choice);
    },
  );

  it("of nothing chooses nothing", () => {
    expect(choiceOf("")).toBeNull();
    expect(choiceOf("#umpire")).toBeNull();
  });
});
