import { parseCsv1Delivery, parseCsv1Match } from "../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../../src/domain/cricket/csv2.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../src/domain/cricket/json.ts";
import type { Delivery, Match } from "../../src/domain/cricket/types.ts";
import { parseYamlObject } from "../../src/domain/cricket/yaml.ts";
import {
  csv1Info,
  csv1Row,
  csv2Info,
  csv2Row,
  jsonDelivery,
  jsonMatch,
  yamlDelivery,
  yamlMatch,
} from "./cricket-writers.ts";

function throughYaml(text: string): Delivery | Match {
  const fact = parseYamlObject(text);
  if (fact.kind === "deletion") throw new Error("a deletion");
  return fact.kind === "delivery" ? fact.delivery : fact.match;
}

export type Form = "json" | "yaml" | "csv2 2.3" | "csv2 2.1" | "csv1";

/** A delivery written in a form and read again. */
export const DELIVERIES: Readonly<Record<Form, (d: Delivery) => Delivery>> = {
  json: (d) => parseJsonDelivery(JSON.parse(JSON.stringify(jsonDelivery(d)))),
  yaml: (d) => throughYaml(yamlDelivery(d)) as Delivery,
  "csv2 2.3": (d) => parseCsv2Delivery(csv2Row(d, "2.3")),
  "csv2 2.1": (d) => parseCsv2Delivery(csv2Row(d, "2.1")),
  csv1: (d) => parseCsv1Delivery(csv1Row(d)),
};

/** A match written in a form and read again. */
export const MATCHES: Readonly<Record<Form, (m: Match) => Match>> = {
  json: (m) => parseJsonMatch(JSON.parse(JSON.stringify(jsonMatch(m)))),
  yaml: (m) => throughYaml(yamlMatch(m)) as Match,
  "csv2 2.3": (m) => parseCsv2Info(m.matchId, csv2Info(m, "2.3")),
  "csv2 2.1": (m) => parseCsv2Info(m.matchId, csv2Info(m, "2.1")),
  csv1: (m) => parseCsv1Match(m.matchId, csv1Info(m)),
};

export const FORMS: readonly Form[] = Object.keys(DELIVERIES) as Form[];
