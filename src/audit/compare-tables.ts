import { totalCount, type VerdictCounts, VERDICTS, zeroCounts } from "../domain/review/verdict.ts";
import type { VerdictTablesFact } from "./facts.ts";
import type { RawLedger } from "./raw-ledger.ts";
import { type Arrow, arrowOf, type Findings } from "./report.ts";

/** Verdicts and quarantine in the warehouse ↔ those of the topics (EO-9). `tables` null: not loaded to the end. */
export function compareTables(
  tables: VerdictTablesFact | null,
  topics: {
    readonly ledgers: Iterable<readonly [name: string, ledger: RawLedger]>;
    readonly counts: VerdictCounts;
    readonly quarantined: number;
  },
  findings: Findings,
): Arrow {
  const { counts, quarantined } = topics;
  const judged = totalCount(counts);
  let stored = 0;
  let complete = true;
  if (tables === null) {
    findings.unchecked.add("the verdict tables of the warehouse: it has not loaded the verdicts to the end");
  } else {
    for (const [name, ledger] of topics.ledgers) {
      const found = tables.counts.get(name) ?? zeroCounts();
      stored += totalCount(found);
      complete &&= ledger.kept.verdicts && ledger.kept.quarantine;
      comparePartition(found, ledger, findings);
    }
    if (complete && tables.rows !== judged - counts.accepted) {
      const text = `table verdicts has ${tables.rows} rows, ${judged - counts.accepted} records were not accepted`;
      findings.add("tables", text);
    }
    if (complete && tables.quarantined !== quarantined) {
      findings.add("tables", `table quarantine has ${tables.quarantined} rows, the topic ${quarantined} records`);
    }
  }
  const to = { what: "in the warehouse", count: stored };
  return arrowOf(findings, "tables", { what: "verdicts", count: judged }, to);
}

function comparePartition(found: VerdictCounts, ledger: RawLedger, findings: Findings): void {
  if (!ledger.kept.verdicts) {
    findings.unchecked.add(
      `${ledger.name}: verdict blocks have been deleted by retention, their tables were not compared`,
    );
    return;
  }
  for (const verdict of VERDICTS) {
    if (found[verdict] === ledger.counts[verdict]) continue;
    findings.add(
      "tables",
      `${ledger.name}: the warehouse counts ${found[verdict]} ${verdict}, the verdict blocks ${ledger.counts[verdict]}`,
    );
  }
}
