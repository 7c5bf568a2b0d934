import { describe, expect, test } from "vitest";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery } from "../../../src/domain/cricket/csv2.ts";
import { parseJsonDelivery } from "../../../src/domain/cricket/json.ts";
import type { Delivery } from "../../../src/domain/cricket/types.ts";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { csv1Script } from "../../../src/feed/formats/csv1.ts";
import { csv2Script } from "../../../src/feed/formats/csv2.ts";
import { jsonScript } from "../../../src/feed/formats/json.ts";
import { yamlScript } from "../../../src/feed/formats/yaml.ts";
import type { MatchScript, OdiContent, PlanOptions, Step, T20iContent, TestContent } from "../../../src/feed/index.ts";
import { CSV1_COLUMNS, CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { csv1Text, csv2Text, jsonText, stepsOf, temporaryFolder, write, yamlText } from "./files.ts";

const dir = temporaryFolder();
const BALLS = 300;
const messy: PlanOptions = { seed: 7, replayRate: 0.4, correctionRate: 0.2 };
const clean: PlanOptions = { seed: 7, replayRate: 0, correctionRate: 0 };

interface Format {
  readonly name: string;
  readonly script: MatchScript<unknown>;
  /** null for what is no delivery. */
  readonly read: (content: unknown) => Delivery | null;
}

const named = (names: readonly string[], values: readonly (string | null)[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name, index) => (typeof values[index] === "string" ? [[name, values[index]]] : [])),
  );

function readOdi(content: OdiContent): Delivery | null {
  if (content.table === "deliveries") return parseCsv2Delivery(named(CSV2_COLUMNS, content.columns));
  return content.table === "csv1_deliveries" ? parseCsv1Delivery(named(CSV1_COLUMNS, content.columns)) : null;
}

function readYaml(content: TestContent): Delivery | null {
  if (content.key === "7/match.yaml") return null;
  const fact = parseYamlObject(content.body);
  return fact.kind === "delivery" ? fact.delivery : null;
}

const format = <C>(name: string, script: MatchScript<C>, read: (content: C) => Delivery | null): Format => ({
  name,
  script: script as MatchScript<unknown>,
  read: read as (content: unknown) => Delivery | null,
});

write(dir, "7_info.csv", "version,2.3.0\n");
const formats: readonly Format[] = [
  format(
    "csv2",
    csv2Script({ matchId: "7", deliveries: write(dir, "7.csv", csv2Text("7", BALLS)), info: `${dir}/7_info.csv` }),
    readOdi,
  ),
  format("csv1", csv1Script("7", write(dir, "7-1.csv", csv1Text(BALLS))), readOdi),
  format("json", jsonScript("7", write(dir, "7.json", jsonText(BALLS))), (content: T20iContent) =>
    content.kind === "delivery" ? parseJsonDelivery(content.document) : null,
  ),
  format("yaml", yamlScript("7", write(dir, "7.yaml", yamlText(BALLS))), readYaml),
];

const keyOf = ({ innings, over, ball }: Delivery): string => `${innings}/${over}.${ball}`;

describe.each(formats)("the plan of a match in $name", ({ script, read }) => {
  const deliveriesOf = (steps: readonly Step<unknown>[]): Delivery[] =>
    steps.map((step) => read(step.content)).filter((delivery) => delivery !== null);

  test("is the same each time it is made, and another for another seed or pass", async () => {
    const first = await stepsOf(script, messy);
    expect(await stepsOf(script, messy)).toEqual(first);
    expect(await Promise.all([stepsOf(script, messy), stepsOf(script, messy)])).toEqual([first, first]);
    expect(await stepsOf(script, { ...messy, seed: 8 })).not.toEqual(first);
    expect(await stepsOf(script, messy, 1)).not.toEqual(first);
  });

  test("without unreliability is the match record, then every delivery once, in order", async () => {
    const steps = await stepsOf(script, clean);
    expect(steps.map((step) => step.line)).toEqual(Array.from({ length: BALLS + 1 }, (_, n) => n));
    expect(read(steps[0]?.content)).toBeNull();
    const places = Array.from({ length: BALLS }, (_, n) => `1/${Math.floor(n / 6)}.${(n % 6) + 1}`);
    expect(deliveriesOf(steps).map(keyOf)).toEqual(places);
  });

  test("a slip of the scorer changes the runs off the bat and what follows from them, and is corrected", async () => {
    const right = new Map(deliveriesOf(await stepsOf(script, clean)).map((delivery) => [keyOf(delivery), delivery]));
    const steps = await stepsOf(script, messy);
    const wrongs = deliveriesOf(steps.filter((step) => step.cause === "wrong"));
    expect(wrongs.length).toBeGreaterThan(30);
    for (const wrong of wrongs) {
      const was = right.get(keyOf(wrong));
      expect(was?.extras?.wides ?? 0).toBe(0);
      expect(wrong.runs.batter).not.toBe(was?.runs.batter);
      expect({ ...wrong, runs: was?.runs }).toEqual(was);
      expect(wrong.runs.total).toBe(wrong.runs.batter + wrong.runs.extras);
    }
    const corrected = deliveriesOf(steps.filter((step) => step.cause === "correction"));
    expect(new Set(corrected.map(keyOf))).toEqual(new Set(wrongs.map(keyOf)));
    for (const delivery of corrected) expect(delivery).toEqual(right.get(keyOf(delivery)));
  });
});
