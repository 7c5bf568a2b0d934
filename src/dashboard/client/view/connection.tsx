import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Connection } from "../state/model.ts";

/** Over the page and not in it, so that nothing moves when it comes and goes. */
export function ConnectionSign({ connection }: { readonly connection: Connection }): JSX.Element | null {
  if (connection.kind !== "lost") return null;
  return (
    <div class="lost" role="alert">
      <strong>Connection lost.</strong> The scores below are as they were last seen.{" "}
      <RetryText at={connection.retryAt} />
    </div>
  );
}

function RetryText({ at }: { readonly at: number | null }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = at === null ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
  return <span aria-hidden="true">{seconds === 0 ? "Trying again…" : `Trying again in ${seconds} s.`}</span>;
}
