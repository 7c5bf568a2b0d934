import type {
  BallEvent,
  LiveMatch,
  LiveView,
  MatchFormat,
  MatchSummary,
  MatchView,
} from "../../../../src/dashboard/api.ts";
import type { Action } from "../../../../src/dashboard/client/state/actions.ts";
import { type Choice, initialState, type PageState } from "../../../../src/dashboard/client/state/model.ts";
import { reduce } from "../../../../src/dashboard/client/state/reducer.ts";

export const NO_COUNTS = { accepted: 0, duplicate: 0, correction: 0, stale: 0, late: 0, poison: 0 } as const;

export function summary(id: string, format: MatchFormat, deliveries: number): MatchSummary {
  return {
    id,
    format,
    matchType: null,
    title: "Nepal v Oman",
    teams: ["Nepal", "Oman"],
    gender: "male",
    season: "2025",
    dates: ["2025-06-16"],
    venue: "Titwood",
    city: "Glasgow",
    event: null,
    live: true,
    result: null,
    scores: [
      {
        number: 1,
        team: "Nepal",
        superOver: false,
        runs: deliveries,
        wickets: 0,
        overs: "0.1",
        total: `${deliveries}/0`,
      },
    ],
    deliveries,
  };
}

export function live(id: string, format: MatchFormat, deliveries: number): LiveMatch {
  return {
    match: summary(id, format, deliveries),
    line: `Nepal ${deliveries}/0`,
    innings: null,
    batters: [],
    bowler: null,
    recent: [],
    chase: null,
    standing: null,
    updatedAt: 1000 + deliveries,
  };
}

export const NOTHING: LiveView = { t20i: null, odi: null, test: null };

/** A match of one innings in which every ball is a single. */
export function view(id: string, format: MatchFormat, deliveries: number): MatchView {
  const balls = Array.from({ length: deliveries }, (_, n) => n + 1);
  return {
    match: summary(id, format, deliveries),
    line: "",
    toss: null,
    playersOfMatch: null,
    overs: 20,
    ballsPerOver: 6,
    hasRecord: true,
    innings:
      deliveries === 0
        ? []
        : [
            {
              ...inningsOf(deliveries),
              worm: balls.map((ball) => [ball, ball, 0, 0, ball / 6]),
              manhattan: [[1, deliveries, 0]],
            },
          ],
    chase: null,
    standing: null,
    commentary: balls.toReversed().map(line),
  };
}

function line(n: number): MatchView["commentary"][number] {
  return { innings: 1, label: `0.${n}`, mark: "1", kind: "run", text: "Ali to Khan, 1 run", runs: 1, score: `${n}/0` };
}

function inningsOf(deliveries: number): BallEvent["innings"] {
  return {
    number: 1,
    team: "Nepal",
    total: `${deliveries}/0`,
    overs: "0.1",
    bowled: [],
    dismissals: [],
    didNotBat: [],
    partnerships: [],
    runRate: null,
    card: {
      number: 1,
      team: "Nepal",
      super_over: false,
      declared: null,
      forfeited: false,
      absent_hurt: [],
      target: null,
      runs: deliveries,
      wickets: 0,
      overs: "0.1",
      legal_balls: deliveries,
      deliveries,
      extras: null,
      extras_total: 0,
      penalty_pre: 0,
      penalty_post: 0,
      boundaries_exact: true,
      batters: [],
      bowlers: [],
      fall: [],
    },
  };
}

/** The ball after which the match has so many deliveries. */
export function ball(id: string, format: MatchFormat, deliveries: number): BallEvent {
  return {
    matchId: id,
    format,
    deliveries,
    ball: line(deliveries),
    live: live(id, format, deliveries),
    innings: inningsOf(deliveries),
    worm: [deliveries, deliveries, 0, 0, deliveries / 6],
    over: [1, deliveries, 0],
    input: { topic: "cricket.t20i.raw", partition: 0, offset: deliveries },
    eventId: "0".repeat(32),
    committedAt: 1000 + deliveries,
  };
}

export function after(actions: readonly Action[], from: PageState = initialState(null)): PageState {
  return actions.reduce(reduce, from);
}

export const hello = (resumed: boolean, version = "1"): Action => ({
  type: "event",
  event: { type: "hello", data: { resumed, version } },
});

/** Everything that is wanted was asked for: nothing is wanted any more. */
export const asked = (state: PageState): PageState => reduce(state, { type: "fetching", wants: state.wants });

/** A page that shows match `m` with so many deliveries. */
export function showing(deliveries: number, choice: Choice | null = null): PageState {
  const greeted = after([hello(false)], initialState(choice));
  return after(
    [
      { type: "fetching", wants: greeted.wants },
      { type: "fetched", fetched: { kind: "live", value: { ...NOTHING, t20i: live("m", "t20i", deliveries) } } },
      { type: "fetching", wants: [] },
      { type: "fetched", fetched: { kind: "match", id: "m", value: view("m", "t20i", deliveries) } },
    ].map((action) => action as Action),
    greeted,
  );
}
