import { totalCount, zeroCounts } from "../../domain/review/verdict.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { Health, LoaderState, MatchFormat, PipelineState, PipelineView, SourceState } from "../api.ts";
import type { VerdictLedger } from "./data/verdicts.ts";
import { MATCH_FORMATS, STORES } from "./view/formats.ts";

const LOADER_HEALTH: Readonly<Record<LoaderStatus["state"], Health>> = {
  opening: "waiting",
  running: "working",
  retrying: "waiting",
  stopped: "down",
};

const UNTOLD: Omit<SourceState, "id" | "store" | "verdicts"> = {
  fed: null,
  repeated: null,
  events: null,
  lag: null,
  health: null,
  state: null,
  message: "",
  restarts: null,
};

/** The pipeline as far as this process knows it: its own part, what the warehouse says, and what `play` tells. */
export class PipelineBoard {
  #told: PipelineState | null = null;
  #status: LoaderStatus | null = null;
  #counts = { matches: 0, deliveries: 0 };

  told(state: PipelineState): void {
    this.#told = state;
  }

  status(status: LoaderStatus): void {
    this.#status = status;
  }

  counted(counts: { readonly matches: number; readonly deliveries: number }): void {
    this.#counts = counts;
  }

  view(ledger: VerdictLedger, canMisbehave: boolean, at: number): PipelineView {
    const { totals, bySource } = ledger;
    return {
      at,
      verdicts: totals,
      records: totalCount(totals),
      sources: MATCH_FORMATS.map((id) => ({ ...this.#source(id), verdicts: bySource[id] ?? zeroCounts() })),
      processors: this.#told?.processors ?? null,
      loader: this.#loader(),
      warehouse: { ...this.#counts, published: this.#status?.published ?? null },
      processes: this.#told?.processes ?? null,
      canMisbehave,
    };
  }

  #source(id: MatchFormat): Omit<SourceState, "verdicts"> {
    const told = this.#told?.sources.find((source) => source.id === id);
    return { ...UNTOLD, ...told, id, store: told?.store ?? STORES[id] };
  }

  #loader(): LoaderState {
    const status = this.#status;
    if (status === null) {
      const none = { rows: 0, batches: 0, lag: null, batchMs: { p50: 0, p99: 0 }, lastCommitAt: null };
      return { health: "waiting", state: "opening", message: "", ...none };
    }
    const { state, message, rows, batches, lag, batchMs, lastCommitAt } = status;
    return { health: LOADER_HEALTH[state], state, message, rows, batches, lag, batchMs, lastCommitAt };
  }
}
