import type { JSX } from "preact";
import { totalCount, VERDICTS } from "../../../domain/review/verdict.ts";
import type { Verdict, VerdictCounts } from "../../api.ts";
import { STREAM_LENGTH } from "../state/model.ts";
import type { Part } from "./app.tsx";
import { VerdictGlyph } from "./icons.tsx";
import { Misbehave } from "./misbehave.tsx";
import { Pipeline } from "./pipeline.tsx";
import { Rejected } from "./rejected.tsx";
import { count, VERDICT_WORDS } from "./words.ts";

/** What the third umpire does: every record in, exactly one verdict each. */
export function UmpirePanel({ state, dispatch }: Part): JSX.Element {
  const counts = state.totals ?? state.pipeline?.verdicts ?? null;
  return (
    <aside class="umpire" id="umpire" tabIndex={-1} aria-labelledby="umpire-title">
      <section class="card">
        <h2 id="umpire-title">The umpire’s panel</h2>
        <Records counts={counts} />
        <dl class="verdicts">
          {VERDICTS.map((verdict) => (
            <VerdictTile key={verdict} verdict={verdict} counts={counts} />
          ))}
        </dl>
        <Stream stream={state.stream} />
      </section>
      <Pipeline pipeline={state.pipeline} counts={counts} />
      <Misbehave state={state} dispatch={dispatch} />
      <Rejected rejected={state.rejected} />
    </aside>
  );
}

function Records({ counts }: { readonly counts: VerdictCounts | null }): JSX.Element {
  const records = counts === null ? null : totalCount(counts);
  return (
    <p class="records">
      <span class="records-count" data-records={records ?? ""}>
        {records === null ? "–" : count(records)}
      </span>{" "}
      <span class="records-words">records in, exactly one verdict each</span>
    </p>
  );
}

function VerdictTile({
  verdict,
  counts,
}: {
  readonly verdict: Verdict;
  readonly counts: VerdictCounts | null;
}): JSX.Element {
  const words = VERDICT_WORDS[verdict];
  return (
    <div class={`tile tile-${verdict}`} title={`${words.name}: ${words.meaning}`}>
      <dt>
        <VerdictGlyph verdict={verdict} />
        {words.name}
        <span class="unseen">, {words.meaning}</span>
      </dt>
      <dd data-verdict={verdict}>{counts === null ? "–" : count(counts[verdict])}</dd>
    </div>
  );
}

/** The last verdicts as lights, newest to the left. */
function Stream({ stream }: { readonly stream: readonly Verdict[] }): JSX.Element {
  return (
    <div class="stream" aria-hidden="true">
      {Array.from({ length: STREAM_LENGTH }, (_, place) => (
        <span key={place} class={`light light-${stream[place] ?? "none"}`} />
      ))}
    </div>
  );
}
