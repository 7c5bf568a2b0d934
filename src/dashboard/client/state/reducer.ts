import type {
  BallEvent,
  LiveMatch,
  LiveView,
  MatchEvent,
  MatchFormat,
  MatchView,
  MisbehaveAnswer,
  RejectedRecord,
  VerdictsEvent,
} from "../../api.ts";
import type { Action, Fetched, ServerEvent } from "./actions.ts";
import { withBall } from "./ball.ts";
import { chosenId, FORMATS, type PageState, REJECTED_LENGTH, STREAM_LENGTH, type Want } from "./model.ts";
import { openPicker, pickerFailed, pickerFetched, searchPicker, showMore } from "./picker.ts";
import { fallen } from "./stream.ts";

/** The page after an action. Pure: what has to be fetched is in `wants`. */
export function reduce(state: PageState, action: Action): PageState {
  switch (action.type) {
    case "event":
      return reduceEvent(state, action.event);
    case "connection-lost":
      return {
        ...state,
        connection: { kind: "lost", attempt: action.attempt, retryAt: action.retryAt },
        announcement: action.attempt === 1 ? "Connection lost. Trying again." : state.announcement,
      };
    case "connection-tried":
      return state.connection.kind === "lost"
        ? { ...state, connection: { ...state.connection, retryAt: null } }
        : state;
    case "fetching":
      return { ...state, wants: state.wants.filter((want) => !action.wants.includes(want)) };
    case "fetched":
      return reduceFetched(state, action.fetched);
    case "failed":
      return reduceFailed(state, action.want, action.detail);
    case "choose":
      return showChosen({ ...state, hasChosen: true, choice: action.choice });
    case "retry-match":
      return wantMatch(state);
    case "misbehave":
      return wanting(
        { ...state, misbehaviour: { ...state.misbehaviour, [action.source]: { kind: action.kind, answer: null } } },
        { kind: "misbehave", source: action.source, body: { kind: action.kind } },
      );
    case "picker-open":
      return openPicker(state);
    case "picker-close":
      return { ...state, picker: { ...state.picker, open: false } };
    case "picker-query":
      return searchPicker(state, action.query);
    case "picker-more":
      return showMore(state);
  }
}

function reduceEvent(state: PageState, event: ServerEvent): PageState {
  switch (event.type) {
    case "hello": {
      const wasLost = state.connection.kind === "lost";
      const greeted: PageState = {
        ...state,
        connection: { kind: "live" },
        version: event.data.version,
        outdated: state.version !== null && state.version !== event.data.version,
        announcement: wasLost ? "Connected again." : state.announcement,
      };
      return event.data.resumed ? greeted : loadAll(greeted);
    }
    case "ball":
      return reduceBall(state, event.data);
    case "match":
      return reduceMatch(state, event.data);
    case "verdicts":
      return reduceVerdicts(state, event.data);
    case "pipeline":
      return { ...state, pipeline: event.data };
  }
}

/** At the beginning of a connection that nothing can be resumed on: the server may be another one, with less in it. */
function loadAll(state: PageState): PageState {
  const empty: PageState = { ...state, moved: [], totals: null, rejected: [], live: { ...state.live, busy: true } };
  const all = wanting(empty, { kind: "live" }, { kind: "pipeline" }, { kind: "rejected" });
  return chosenId(all) === null ? all : wantMatch(all);
}

function reduceBall(state: PageState, ball: BallEvent): PageState {
  const moved = state.moved.includes(ball.matchId) ? state.moved : [...state.moved, ball.matchId];
  const scored = withLive({ ...state, moved }, ball.live);
  const announced =
    ball.ball.kind === "wicket" ? { ...scored, announcement: `${ball.ball.text}. ${ball.live.line}` } : scored;
  if (chosenId(announced) !== ball.matchId) return announced;
  const view = announced.match.value;
  if (view === null || view.match.id !== ball.matchId) return showChosen(announced);
  const next = withBall(view, ball);
  return next === null ? wantMatch(announced) : { ...announced, match: { ...announced.match, value: next } };
}

function reduceMatch(state: PageState, event: MatchEvent): PageState {
  const scored = event.live === null ? state : withLive(state, event.live);
  return chosenId(scored) === event.matchId ? wantMatch(scored) : scored;
}

const NOTHING_LIVE: LiveView = { t20i: null, odi: null, test: null };

/** A new scoreboard; the page follows when a new match begins in the format it shows. */
function withLive(state: PageState, live: LiveMatch): PageState {
  const value: LiveView = { ...(state.live.value ?? NOTHING_LIVE), [live.match.format]: live };
  return takeFirstLive({ ...state, live: { ...state.live, value } });
}

/** Until the reader has chosen, the page shows a format that has a match. */
function takeFirstLive(state: PageState): PageState {
  if (state.hasChosen || state.choice.kind !== "follow" || chosenId(state) !== null) return state;
  const format = FORMATS.find((candidate) => state.live.value?.[candidate] != null);
  return format === undefined ? state : { ...state, choice: { kind: "follow", format } };
}

function reduceVerdicts(state: PageState, { totals, rejected }: VerdictsEvent): PageState {
  const stream = [...fallen(state.totals, totals, STREAM_LENGTH), ...state.stream].slice(0, STREAM_LENGTH);
  return { ...state, totals, stream, rejected: merged(rejected, state.rejected) };
}

/** Newest first, each once. */
function merged(newer: readonly RejectedRecord[], older: readonly RejectedRecord[]): readonly RejectedRecord[] {
  const known = new Set(newer.map(({ id }) => id));
  return [...newer, ...older.filter(({ id }) => !known.has(id))].slice(0, REJECTED_LENGTH);
}

function reduceFetched(state: PageState, fetched: Fetched): PageState {
  switch (fetched.kind) {
    case "live":
      return showChosen(takeFirstLive(withAllLive(state, fetched.value)));
    case "match":
      return fetched.id === chosenId(state) ? withMatch(state, fetched.value) : state;
    case "pipeline":
      return { ...state, pipeline: fetched.value, totals: state.totals ?? fetched.value.verdicts };
    case "rejected":
      // What events brought meanwhile is newer.
      return {
        ...state,
        totals: state.totals ?? fetched.value.totals,
        rejected: merged(state.rejected, fetched.value.rejected),
      };
    case "picker":
      return pickerFetched(state, fetched.query, fetched.value);
    case "facets":
      return { ...state, picker: { ...state.picker, facets: fetched.value } };
    case "misbehave":
      return misbehaved(state, fetched.source, fetched.value);
  }
}

/** A ball may have overtaken the answer: the scoreboard that has more balls stays. */
function withAllLive(state: PageState, answer: LiveView): PageState {
  const newer = (format: MatchFormat): LiveMatch | null => {
    const [shown, given] = [state.live.value?.[format] ?? null, answer[format]];
    if (shown === null || !state.moved.includes(shown.match.id)) return given;
    return given === null || shown.updatedAt > given.updatedAt ? shown : given;
  };
  const value: LiveView = { t20i: newer("t20i"), odi: newer("odi"), test: newer("test") };
  return { ...state, live: { value, busy: false, error: null } };
}

/** A ball may have overtaken the answer: a view with fewer balls than the scoreboard is fetched again. */
function withMatch(state: PageState, value: MatchView): PageState {
  const next: PageState = { ...state, match: { value, busy: false, error: null } };
  const board = FORMATS.map((format) => state.live.value?.[format]).find((live) => live?.match.id === value.match.id);
  const isBehind = state.moved.includes(value.match.id) && (board?.match.deliveries ?? 0) > value.match.deliveries;
  return isBehind ? wantMatch(next) : next;
}

function reduceFailed(state: PageState, want: Want, detail: string): PageState {
  switch (want.kind) {
    case "live":
      return { ...state, live: { ...state.live, busy: false, error: detail } };
    case "match":
      return want.id === chosenId(state) ? { ...state, match: { ...state.match, busy: false, error: detail } } : state;
    case "picker":
      return pickerFailed(state, want.query, detail);
    case "misbehave":
      return misbehaved(state, want.source, { ok: false, text: detail });
    // What events bring anyway.
    case "pipeline":
    case "rejected":
    case "facets":
      return state;
  }
}

function misbehaved(state: PageState, source: MatchFormat, answer: MisbehaveAnswer): PageState {
  const before = state.misbehaviour[source];
  if (before === undefined) return state;
  return { ...state, misbehaviour: { ...state.misbehaviour, [source]: { ...before, answer } } };
}

/** Fetches the chosen match unless it is there. What was shown before goes: it is another match. */
function showChosen(state: PageState): PageState {
  const id = chosenId(state);
  if (id === null) return { ...state, match: { value: null, busy: false, error: null } };
  if (state.match.value?.match.id === id) return state;
  return wantMatch({ ...state, match: { value: null, busy: true, error: null } });
}

function wantMatch(state: PageState): PageState {
  const id = chosenId(state);
  if (id === null) return state;
  return wanting({ ...state, match: { ...state.match, busy: true, error: null } }, { kind: "match", id });
}

/** Adds what is not waited for already. */
export function wanting(state: PageState, ...more: readonly Want[]): PageState {
  const isNew = (want: Want): boolean => !state.wants.some((other) => JSON.stringify(other) === JSON.stringify(want));
  return { ...state, wants: [...state.wants, ...more.filter(isNew)] };
}
