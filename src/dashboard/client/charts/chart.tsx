import type { EChartsType } from "echarts/core";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onThemeChange } from "../theme.ts";
import type { Palette } from "./palette.ts";
import { readPalette } from "./read-palette.ts";

interface Props {
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence or two: for whoever does not see it. */
  readonly words: string;
  /** Drawn anew when this changes. */
  readonly data: unknown;
  readonly option: (palette: Palette, isNarrow: boolean) => object;
  readonly legend?: ComponentChildren;
  /** The same numbers as a table. */
  readonly table: () => JSX.Element;
}

const NARROW = 480;

/** A chart with its words and its table. Its place is kept while ECharts is on its way. */
export function Chart({ id, title, words, data, option, legend, table }: Props): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class="card chart" aria-labelledby={`${id}-title`}>
      <div class="chart-head">
        <h3 id={`${id}-title`}>{title}</h3>
        <button
          type="button"
          class="tool tool-small"
          aria-pressed={asTable}
          aria-label={`${title} as a table`}
          onClick={() => setAsTable(!asTable)}
        >
          Table
        </button>
      </div>
      <div class="legend">{legend}</div>
      {asTable ? (
        <div class="chart-place scroll" tabIndex={0} role="group" aria-label={`${title}, table`}>
          {table()}
        </div>
      ) : (
        <Canvas id={id} words={words} data={data} option={option} />
      )}
    </section>
  );
}

function Canvas({ id, words, data, option }: Pick<Props, "id" | "words" | "data" | "option">): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const [failure, setFailure] = useState("");
  const latest = useRef(option);
  latest.current = option;

  const draw = (): void => {
    if (chart.current === null) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const isNarrow = chart.current.getWidth() < NARROW;
    chart.current.setOption({ animation: !still, ...latest.current(readPalette(), isNarrow) }, { notMerge: true });
  };

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let isGone = false;
    const resizing = new ResizeObserver(() => {
      chart.current?.resize();
      draw();
    });
    import("./engine.ts").then(
      ({ drawOn }) => {
        if (isGone) return;
        chart.current = drawOn(element);
        resizing.observe(element);
        draw();
      },
      () => setFailure("The chart could not be loaded; its table has the same numbers."),
    );
    const stopTheme = onThemeChange(draw);
    return () => {
      isGone = true;
      stopTheme();
      resizing.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(draw, [data]);

  return (
    <div class="chart-place" role="img" aria-label={words} data-chart={id}>
      <div class="chart-canvas" ref={place} />
      {failure !== "" && <p class="muted">{failure}</p>}
    </div>
  );
}
