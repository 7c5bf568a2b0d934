import type { JSX } from "preact";
import type { CommentaryBall } from "../../api.ts";

/** A ball as scorers write it: its mark on the colour of its kind. Hidden from screen readers, which have the words. */
export function BallDot({
  ball,
  isLast,
}: {
  readonly ball: CommentaryBall | undefined;
  readonly isLast?: boolean;
}): JSX.Element {
  return (
    <span class={`dot dot-${ball?.kind ?? "none"}${isLast === true ? " last" : ""}`} aria-hidden="true">
      {ball?.mark ?? ""}
    </span>
  );
}
