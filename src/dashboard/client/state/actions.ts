import type {
  EventMap,
  EventName,
  Facets,
  LiveView,
  MatchFormat,
  MatchPage,
  MatchQuery,
  MatchView,
  MisbehaveAnswer,
  MisbehaveBody,
  PipelineView,
  RecentVerdicts,
} from "../../api.ts";
import type { Choice, Want } from "./model.ts";

/** A server-sent event. */
export type ServerEvent = { [N in EventName]: { readonly type: N; readonly data: EventMap[N] } }[EventName];

/** What was fetched, by what had been wanted. */
export type Fetched =
  | { readonly kind: "live"; readonly value: LiveView }
  | { readonly kind: "match"; readonly id: string; readonly value: MatchView }
  | { readonly kind: "pipeline"; readonly value: PipelineView }
  | { readonly kind: "rejected"; readonly value: RecentVerdicts }
  | { readonly kind: "picker"; readonly query: MatchQuery; readonly value: MatchPage }
  | { readonly kind: "facets"; readonly value: Facets }
  | { readonly kind: "misbehave"; readonly source: MatchFormat; readonly value: MisbehaveAnswer };

/** Everything that changes the page. */
export type Action =
  | { readonly type: "event"; readonly event: ServerEvent }
  | { readonly type: "connection-lost"; readonly attempt: number; readonly retryAt: number }
  | { readonly type: "connection-tried" }
  | { readonly type: "fetching"; readonly wants: readonly Want[] }
  | { readonly type: "fetched"; readonly fetched: Fetched }
  | { readonly type: "failed"; readonly want: Want; readonly detail: string }
  | { readonly type: "choose"; readonly choice: Choice }
  | { readonly type: "retry-match" }
  | { readonly type: "misbehave"; readonly source: MatchFormat; readonly kind: MisbehaveBody["kind"] }
  | { readonly type: "picker-open" }
  | { readonly type: "picker-close" }
  | { readonly type: "picker-query"; readonly query: MatchQuery }
  | { readonly type: "picker-more" };
