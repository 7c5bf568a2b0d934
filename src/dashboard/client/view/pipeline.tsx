import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Health, PipelineView, ProcessState, SourceState, VerdictCounts } from "../../api.ts";
import { FORMATS } from "../state/model.ts";
import { type Box, type Flow, pipelineDrawing } from "./pipeline-drawing.ts";
import { count, FORMAT_NAMES } from "./words.ts";

/** The way of the data, with live numbers on its arrows; the same as a table for whoever does not see it. */
export function Pipeline(props: {
  readonly pipeline: PipelineView | null;
  readonly counts: VerdictCounts | null;
}): JSX.Element {
  const drawing = pipelineDrawing(props.pipeline, props.counts);
  return (
    <section class="card" aria-labelledby="pipeline">
      <h3 id="pipeline">Pipeline</h3>
      <svg class="pipeline" viewBox="0 0 400 396" role="img" aria-labelledby="pipeline pipeline-words">
        <desc id="pipeline-words">
          Three sources send to Kafka, processors give the verdicts, the loader writes to the warehouse. The numbers are
          in the table below.
        </desc>
        {drawing.flows.map((flow) => (
          <FlowArrow key={flow.id} flow={flow} />
        ))}
        {drawing.boxes.map((box) => (
          <DrawnBox key={box.id} box={box} />
        ))}
      </svg>
      <details class="processes">
        <summary>As a table, with every process</summary>
        <SourceTable sources={props.pipeline?.sources ?? []} />
        <ProcessTable processes={props.pipeline?.processes ?? null} />
      </details>
    </section>
  );
}

function DrawnBox({ box }: { readonly box: Box }): JSX.Element {
  const { x, y, width, height, title, lines, health } = box;
  return (
    <g class={`box health-${health ?? "none"}`} data-box={box.id}>
      <rect x={x} y={y} width={width} height={height} rx="9" />
      {health !== null && <circle class="box-lamp" cx={x + width - 13} cy={y + 14} r="4" />}
      <text class="box-title" x={x + 11} y={y + 19}>
        {title}
      </text>
      {lines.map((line, row) => (
        <text key={row} class="box-line" x={x + 11} y={y + 35 + row * 14}>
          {line}
        </text>
      ))}
    </g>
  );
}

/** How long an arrow flows after its number rose, ms. */
const FLOWING_MS = 1500;

/** Flows while its number rises. */
function FlowArrow({ flow }: { readonly flow: Flow }): JSX.Element {
  const before = useRef(flow.value);
  const [flowing, setFlowing] = useState(false);
  useEffect(() => {
    if (before.current === flow.value) return;
    const hasRisen = before.current !== null;
    before.current = flow.value;
    if (!hasRisen) return;
    setFlowing(true);
    const timer = setTimeout(() => setFlowing(false), FLOWING_MS);
    return () => clearTimeout(timer);
  }, [flow.value]);
  const { from, to } = flow;
  return (
    <g class={`flow${flowing ? " flowing" : ""}`} data-flow={flow.id}>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y - 5} />
      <path d={`M${to.x - 4} ${to.y - 7} L${to.x} ${to.y - 1} L${to.x + 4} ${to.y - 7} Z`} />
      <text x={from.x + 9} y={(from.y + to.y) / 2 + 3}>
        {flow.value === null ? "" : `${count(flow.value)} ${flow.unit}`}
        {flow.note !== "" && <tspan class="flow-note"> {flow.note}</tspan>}
      </text>
    </g>
  );
}

const HEALTH_WORDS: Readonly<Record<Health, string>> = { working: "working", waiting: "waiting", down: "down" };

function SourceTable({ sources }: { readonly sources: readonly SourceState[] }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Sources">
      <table class="figures small">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="n">
              Sent
            </th>
            <th scope="col" class="n">
              Accepted
            </th>
            <th scope="col" class="n">
              Repeats
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {FORMATS.flatMap((format) => sources.find(({ id }) => id === format) ?? []).map((source) => (
            <tr key={source.id}>
              <th scope="row">
                {FORMAT_NAMES[source.id]}, {source.store}
              </th>
              <td class="n">{source.events === null ? "–" : count(source.events)}</td>
              <td class="n">{count(source.verdicts.accepted)}</td>
              <td class="n">{count(source.verdicts.duplicate)}</td>
              <td>{source.state ?? (source.health === null ? "not told" : HEALTH_WORDS[source.health])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ProcessTable({ processes }: { readonly processes: readonly ProcessState[] | null }): JSX.Element {
  if (processes === null)
    return <p class="muted">The loader was started alone: it does not know of the other processes.</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Processes">
      <table class="figures small">
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col" class="n">
              pid
            </th>
            <th scope="col" class="n">
              Restarts
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {processes.map((process) => (
            <tr key={process.name}>
              <th scope="row">{process.name}</th>
              <td class="n">{process.pid ?? "–"}</td>
              <td class="n">{process.restarts}</td>
              <td>
                <span class={`state state-${process.health}`}>{process.state}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
