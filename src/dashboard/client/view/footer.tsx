import type { JSX } from "preact";

export function Footer(): JSX.Element {
  return (
    <footer class="bottom">
      <p>
        Match data from{" "}
        <a href="https://cricsheet.org" rel="noreferrer">
          Cricsheet
        </a>{" "}
        by Stephen Rushe, made available under the{" "}
        <a href="https://opendatacommons.org/licenses/by/1-0/" rel="noreferrer">
          Open Data Commons Attribution License (ODC-BY 1.0)
        </a>
        . Scorecards, charts and verdicts are this program’s own.
      </p>
      <p>
        <a href="api/v1/openapi.json">HTTP API</a>
      </p>
    </footer>
  );
}
