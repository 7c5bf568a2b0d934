import type { JSX } from "preact";
import type { MatchFormat } from "../../api.ts";
import { FORMATS } from "../state/model.ts";
import type { Part } from "./app.tsx";
import { Icon } from "./icons.tsx";
import { FORMAT_NAMES } from "./words.ts";

const STORES: Readonly<Record<MatchFormat, string>> = { t20i: "MongoDB", odi: "Postgres", test: "Object store" };

/** Buttons that make a source do what real ones do: the score stays right. */
export function Misbehave({ state, dispatch }: Part): JSX.Element {
  const can = state.pipeline?.canMisbehave === true;
  return (
    <section class="card" aria-labelledby="misbehave">
      <h3 id="misbehave">Make a source misbehave</h3>
      <p class="muted lines-2">
        {can ? (
          "Let one repeat rows it has sent, or kill its server. The verdicts move, the score stays right."
        ) : (
          <>
            Possible when the stack was started with <code>just run</code> or <code>third-umpire play</code>.
          </>
        )}
      </p>
      <div class="misbehave">
        {FORMATS.map((format) => (
          <div
            key={format}
            class="source-buttons"
            role="group"
            aria-label={`${FORMAT_NAMES[format]}, ${STORES[format]}`}
          >
            <p class="source-name">
              <strong>{FORMAT_NAMES[format]}</strong> {STORES[format]}
            </p>
            {(["repeat", "crash"] as const).map((kind) => (
              <button
                key={kind}
                type="button"
                class="tool"
                data-misbehave={`${format}-${kind}`}
                disabled={!can || state.misbehaviour[format]?.answer === null}
                onClick={() => dispatch({ type: "misbehave", source: format, kind })}
              >
                <Icon name={kind} />
                {kind === "repeat" ? "Repeat" : "Crash"}
                <span class="unseen">
                  {kind === "repeat" ? " rows of" : " the server of"} {STORES[format]}
                </span>
              </button>
            ))}
          </div>
        ))}
      </div>
      <div class="answers" role="status">
        {FORMATS.map((format) => (
          <Answer key={format} format={format} state={state} dispatch={dispatch} />
        ))}
      </div>
    </section>
  );
}

function Answer({ format, state }: Part & { readonly format: MatchFormat }): JSX.Element {
  const done = state.misbehaviour[format];
  if (done === undefined) return <p class="answer" />;
  const { answer, kind } = done;
  const waiting = kind === "repeat" ? "repeating rows…" : "killing the server…";
  return (
    <p class={`answer${answer?.ok === false ? " refused" : ""}`}>
      <strong>{FORMAT_NAMES[format]}</strong> {answer?.text ?? waiting}
    </p>
  );
}
