import type { JSX } from "preact";
import type { RejectedRecord } from "../../api.ts";
import { VerdictGlyph } from "./icons.tsx";
import { positionText, VERDICT_WORDS } from "./words.ts";

/** Records that did not count, newest first, with what each repeated. Rows are places: a new one moves nothing. */
export function Rejected({ rejected }: { readonly rejected: readonly RejectedRecord[] }): JSX.Element {
  return (
    <section class="card rejected-card" aria-labelledby="rejected">
      <h3 id="rejected">Last rejected replays</h3>
      <div class="scroll-box" tabIndex={0} role="group" aria-label="Last rejected records, newest first">
        {rejected.length === 0 ? (
          <p class="muted">None so far. Let a source repeat itself and watch: the score does not move.</p>
        ) : (
          <ol class="rejected">
            {rejected.map((record, place) => (
              <li key={place} data-record={record.id}>
                <span class={`verdict-chip v-${record.verdict}`}>
                  <VerdictGlyph verdict={record.verdict} />
                  {VERDICT_WORDS[record.verdict].name}
                </span>
                <span class="rejected-key">{record.key ?? record.reason ?? "could not be read"}</span>
                <span class="rejected-place">{placeWords(record)}</span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function placeWords({ input, firstSeen, verdict }: RejectedRecord): string {
  const here = positionText(input);
  if (firstSeen === null) return here;
  return verdict === "duplicate"
    ? `${here} repeats ${positionText(firstSeen)}`
    : `${here}, known from ${positionText(firstSeen)}`;
}
