import type { MatchPage, MatchQuery } from "../../api.ts";
import type { PageState, Want } from "./model.ts";

/** Matches fetched at a time. */
const PAGE_LENGTH = 40;

/** Opens the picker as it was left, with what has been loaded since. */
export function openPicker(state: PageState): PageState {
  const opened = { ...state, picker: { ...state.picker, open: true } };
  return asking(searchPicker(opened, state.picker.query), { kind: "facets" });
}

/** A new search; its answer replaces the list, which stays until then. */
export function searchPicker(state: PageState, query: MatchQuery): PageState {
  const full: MatchQuery = { ...query, limit: PAGE_LENGTH };
  const page = { ...state.picker.page, busy: true, error: null };
  return asking({ ...state, picker: { ...state.picker, query, page } }, { kind: "picker", query: full });
}

/** The next page of the same search. */
export function showMore(state: PageState): PageState {
  const { page, query } = state.picker;
  const next = page.value?.next;
  if (page.busy || next == null) return state;
  return asking(
    { ...state, picker: { ...state.picker, page: { ...page, busy: true } } },
    { kind: "picker", query: { ...query, limit: PAGE_LENGTH, cursor: next } },
  );
}

/** Answers of earlier searches are dropped: they may come after the one that counts. */
export function pickerFetched(state: PageState, query: MatchQuery, answer: MatchPage): PageState {
  if (!isCurrent(state, query)) return state;
  const earlier = query.cursor === undefined ? [] : (state.picker.page.value?.matches ?? []);
  const value = { ...answer, matches: [...earlier, ...answer.matches] };
  return { ...state, picker: { ...state.picker, page: { value, busy: false, error: null } } };
}

export function pickerFailed(state: PageState, query: MatchQuery, detail: string): PageState {
  if (!isCurrent(state, query)) return state;
  return { ...state, picker: { ...state.picker, page: { ...state.picker.page, busy: false, error: detail } } };
}

function isCurrent({ picker }: PageState, { format, season, team, q }: MatchQuery): boolean {
  const { query } = picker;
  return query.format === format && query.season === season && query.team === team && query.q === q;
}

function asking(state: PageState, want: Want): PageState {
  return { ...state, wants: [...state.wants, want] };
}
