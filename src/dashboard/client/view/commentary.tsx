import type { JSX } from "preact";
import type { CommentaryBall } from "../../api.ts";
import { BallDot } from "./ball.tsx";

interface Props {
  readonly balls: readonly CommentaryBall[];
  readonly isLive: boolean;
}

/** Newest first. Rows are places, not balls: a new ball changes what they say, and moves nothing. */
export function Commentary({ balls, isLive }: Props): JSX.Element {
  return (
    <section class="card commentary" aria-labelledby="commentary">
      <h3 id="commentary">Ball by ball</h3>
      <div class="scroll-box" tabIndex={0} role="group" aria-label="Ball by ball, newest first">
        {balls.length === 0 ? (
          <p class="muted">{isLive ? "The first ball is awaited." : "No ball of this match is loaded."}</p>
        ) : (
          <ol class="balls">
            {balls.map((ball, place) => (
              <li key={place} class={`ball-row row-${ball.kind}`}>
                <span class="ball-label">{ball.label}</span>
                <BallDot ball={ball} />
                <span class="ball-text">{ball.text}</span>
                <span class="ball-score">{ball.score}</span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}
