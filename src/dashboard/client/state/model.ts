import type {
  Facets,
  LiveView,
  MatchFormat,
  MatchPage,
  MatchQuery,
  MatchView,
  MisbehaveAnswer,
  MisbehaveBody,
  PipelineView,
  RejectedRecord,
  Verdict,
  VerdictCounts,
} from "../../api.ts";

/** In the order of the page: the shortest game first. */
export const FORMATS: readonly MatchFormat[] = ["t20i", "odi", "test"];

/** What is shown large: the match that a format plays now, whichever that is, or one match for good. */
export type Choice =
  { readonly kind: "follow"; readonly format: MatchFormat } | { readonly kind: "match"; readonly id: string };

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `attempt` from 1; `retryAt` in ms since the Unix epoch, null while it is being tried. */
  | { readonly kind: "lost"; readonly attempt: number; readonly retryAt: number | null };

/** Something that came from the server, is on its way, or did not come. `value` stays while a newer one is fetched. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly busy: boolean;
  readonly error: string | null;
}

/** What must be fetched. The reducer asks, `net/fetcher.ts` fetches, and the answer is an action again. */
export type Want =
  | { readonly kind: "live" }
  | { readonly kind: "match"; readonly id: string }
  | { readonly kind: "pipeline" }
  | { readonly kind: "rejected" }
  | { readonly kind: "picker"; readonly query: MatchQuery }
  | { readonly kind: "facets" }
  | { readonly kind: "misbehave"; readonly source: MatchFormat; readonly body: MisbehaveBody };

export interface Picker {
  readonly open: boolean;
  readonly query: MatchQuery;
  readonly page: Loaded<MatchPage>;
  readonly facets: Facets | null;
}

export interface Misbehaviour {
  readonly kind: MisbehaveBody["kind"];
  /** null while the answer is awaited. */
  readonly answer: MisbehaveAnswer | null;
}

export interface PageState {
  readonly connection: Connection;
  /** Version of the server's API; a server with another one wants another page. */
  readonly version: string | null;
  readonly outdated: boolean;
  readonly live: Loaded<LiveView>;
  /** Matches of which a ball came since the last greeting: their scoreboards may be ahead of an answer that was on its way. */
  readonly moved: readonly string[];
  /** False until the reader has chosen: then the first match that is live is taken. */
  readonly hasChosen: boolean;
  readonly choice: Choice;
  readonly match: Loaded<MatchView>;
  readonly pipeline: PipelineView | null;
  readonly totals: VerdictCounts | null;
  /** The last verdicts, newest first; at most `STREAM_LENGTH`. */
  readonly stream: readonly Verdict[];
  /** Newest first; at most `REJECTED_LENGTH`. */
  readonly rejected: readonly RejectedRecord[];
  readonly misbehaviour: Readonly<Partial<Record<MatchFormat, Misbehaviour>>>;
  readonly picker: Picker;
  /** For screen readers: wickets, results and lost connections, not every ball. */
  readonly announcement: string;
  /** In the order in which they were asked for; each is taken out when it is being fetched. */
  readonly wants: readonly Want[];
}

/** Of verdicts in the stream. */
export const STREAM_LENGTH: number = 48;
/** Of records in the list. */
export const REJECTED_LENGTH: number = 30;
/** Of balls kept of a match, as many as the server sends. */
export const COMMENTARY_LENGTH: number = 60;

function nothing<T>(): Loaded<T> {
  return { value: null, busy: false, error: null };
}

export function initialState(choice: Choice | null): PageState {
  return {
    connection: { kind: "connecting" },
    version: null,
    outdated: false,
    live: nothing(),
    moved: [],
    hasChosen: choice !== null,
    choice: choice ?? { kind: "follow", format: "t20i" },
    match: nothing(),
    pipeline: null,
    totals: null,
    stream: [],
    rejected: [],
    misbehaviour: {},
    picker: { open: false, query: {}, page: nothing(), facets: null },
    announcement: "",
    wants: [],
  };
}

/** Id of the match that is shown large; null while there is none. */
export function chosenId({ choice, live }: PageState): string | null {
  return choice.kind === "match" ? choice.id : (live.value?.[choice.format]?.match.id ?? null);
}
