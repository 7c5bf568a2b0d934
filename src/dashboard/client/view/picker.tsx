import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { MatchFormat, MatchQuery, MatchSummary } from "../../api.ts";
import { choiceHash } from "../state/choice.ts";
import { FORMATS, type Picker } from "../state/model.ts";
import type { Dispatch } from "../store.ts";
import type { Part } from "./app.tsx";
import { Icon } from "./icons.tsx";
import { counted, datesText, FORMAT_NAMES } from "./words.ts";

/** Time after a key in which the next one may come, ms: a word is one search. */
const TYPING_MS = 180;

/** Every match that is loaded, in a dialog: the browser keeps the focus in it and closes it with Escape. */
export function PickerDialog({ state, dispatch }: Part): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { open } = state.picker;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      class="picker"
      ref={dialog}
      aria-labelledby="picker-title"
      onClose={() => dispatch({ type: "picker-close" })}
    >
      <div class="picker-head">
        <h2 id="picker-title">All matches</h2>
        <button
          type="button"
          class="tool tool-round"
          aria-label="Close"
          onClick={() => dispatch({ type: "picker-close" })}
        >
          <Icon name="close" />
        </button>
      </div>
      {open && <Filters picker={state.picker} dispatch={dispatch} />}
      {open && <Results picker={state.picker} dispatch={dispatch} />}
    </dialog>
  );
}

interface Props {
  readonly picker: Picker;
  readonly dispatch: Dispatch;
}

function Filters({ picker: { query, facets }, dispatch }: Props): JSX.Element {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef<MatchQuery>(query);
  latest.current = query;
  const search = (change: { [K in keyof MatchQuery]?: MatchQuery[K] | undefined }): void => {
    const merged = { ...latest.current, ...change };
    const set = Object.entries(merged).filter(([, value]) => value !== undefined && value !== "");
    dispatch({ type: "picker-query", query: Object.fromEntries(set) });
  };
  const type = (text: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => search({ q: text.trim() }), TYPING_MS);
  };
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="field field-wide">
        <span>Search</span>
        <input
          type="search"
          autofocus
          placeholder="Team, ground, series, year…"
          defaultValue={query.q ?? ""}
          onInput={(event) => type(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Format</span>
        <select
          value={query.format ?? ""}
          onChange={(event) => search({ format: (event.currentTarget.value || undefined) as MatchFormat | undefined })}
        >
          <option value="">All</option>
          {FORMATS.map((format) => (
            <option key={format} value={format}>
              {FORMAT_NAMES[format]}
              {countOf(facets, format)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Season</span>
        <select value={query.season ?? ""} onChange={(event) => search({ season: event.currentTarget.value })}>
          <option value="">All</option>
          {facets?.seasons.map((season) => (
            <option key={season} value={season}>
              {season}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

function countOf(facets: Picker["facets"], format: MatchFormat): string {
  const found = facets?.formats.find((other) => other.format === format);
  return found === undefined ? "" : ` (${found.matches})`;
}

function Results({ picker: { page }, dispatch }: Props): JSX.Element {
  const { value, busy, error } = page;
  const close = (): void => dispatch({ type: "picker-close" });
  const message =
    error ??
    (value === null
      ? "Searching…"
      : value.total === 0
        ? "No loaded match has all of that."
        : counted(value.total, "match"));
  return (
    <div class="results">
      <p class="muted" role="status">
        {message}
      </p>
      <ul class="found">
        {value?.matches.map((match) => (
          <Found key={match.id} match={match} onChoose={close} />
        ))}
      </ul>
      {value !== null && value.next !== null && (
        <button type="button" class="tool" disabled={busy} onClick={() => dispatch({ type: "picker-more" })}>
          Show more
        </button>
      )}
    </div>
  );
}

function Found({ match, onChoose }: { readonly match: MatchSummary; readonly onChoose: () => void }): JSX.Element {
  const scores = match.scores.map(({ team, total }) => `${team} ${total}`).join(" · ");
  return (
    <li>
      <a class="found-match" href={choiceHash({ kind: "match", id: match.id })} onClick={onChoose}>
        <span class="found-title">
          <span class={`chip chip-${match.format}`}>{FORMAT_NAMES[match.format]}</span>
          {match.title}
          {match.live && <span class="playing">live</span>}
        </span>
        <span class="found-line">{match.result ?? scores}</span>
        <span class="found-line muted">
          {[datesText(match.dates), match.venue].filter((text) => text !== null && text !== "").join(" · ")}
        </span>
      </a>
    </li>
  );
}
