import type { DuckDBConnection } from "@duckdb/node-api";
import { renderCard } from "../../domain/cricket/card.ts";
import { type LoaderStatus, openForReading, readMatch, readSummaries, scoreStored } from "../../loader/index.ts";
import { currentSnapshot } from "../../loader/publish.ts";
import { UsageError } from "../errors.ts";
import { matchesMeant } from "../match-words.ts";
import { readStatusFile } from "../report.ts";

/** What is shown at a moment. */
export interface MatchView {
  /** One line for each match that is being played, as the loader reports them; those of other matches left out when one is named. */
  readonly live: readonly string[];
  /** The card as of the last snapshot; empty when there is none yet. */
  readonly card: string;
  /** Why nothing may be moving; empty while a loader runs. */
  readonly note: string;
}

interface Folders {
  readonly warehouseDir: string;
  readonly runDir: string;
}

/** A loader writes its status five times a second; older than this, it has ended or hangs. */
const STATUS_MAX_AGE_MS = 10_000;

/** Looks at what the loader reports and publishes. Opens a snapshot only when it is a new one. */
export class MatchWatcher {
  readonly #folders: Folders;
  readonly #words: readonly string[];
  readonly #now: () => number;
  #seen: string | undefined;
  #card = "";
  #matchId: string | undefined;

  /** `words`: the match that is meant, as in `scorecards`; none: the one being played. */
  constructor(folders: Folders, words: readonly string[], now: () => number) {
    this.#folders = folders;
    this.#words = words;
    this.#now = now;
  }

  /** Throws a FatalError when there is neither a warehouse nor a loader, a UsageError when no match is meant. */
  async look(): Promise<MatchView> {
    const status = this.#loaderStatus();
    const snapshot = await currentSnapshot(this.#folders.warehouseDir);
    const version = snapshot === null ? "" : `${snapshot.snapshot} ${snapshot.at}`;
    // A loader that has published nothing yet has a score to show, and no card.
    if (version !== this.#seen && (snapshot !== null || status === null)) {
      this.#card = await this.#readCard(status === null ? "hot" : "snapshot");
      this.#seen = version;
    }
    const live = Object.values(status?.live ?? {}).filter(
      ({ matchId }) => this.#words.length === 0 || this.#matchId === undefined || matchId === this.#matchId,
    );
    return {
      live: live.map(({ title, line }) => `${title}: ${line}`),
      card: this.#card,
      note: status === null ? "no loader runs: this is what was loaded last" : "",
    };
  }

  #loaderStatus(): LoaderStatus | null {
    const file = readStatusFile(this.#folders.runDir, "loader");
    if (file === undefined || this.#now() - file.at > STATUS_MAX_AGE_MS) return null;
    const status = file.status as LoaderStatus;
    return status.state === "stopped" ? null : status;
  }

  async #readCard(prefer: "hot" | "snapshot"): Promise<string> {
    const warehouse = await openForReading(this.#folders.warehouseDir, { prefer });
    try {
      const matchId = await this.#choose(warehouse.connection);
      this.#matchId = matchId;
      const stored = matchId === undefined ? undefined : await readMatch(warehouse.connection, matchId);
      if (stored === undefined) return "No match has been loaded yet.\n";
      const { match, scored } = scoreStored(stored);
      return renderCard(scored, match);
    } finally {
      warehouse.close();
    }
  }

  async #choose(connection: DuckDBConnection): Promise<string | undefined> {
    if (this.#words.length === 0) {
      const reader = await connection.runAndReadAll(
        "SELECT match_id FROM deliveries ORDER BY source_time DESC, log_offset DESC LIMIT 1",
      );
      const id = reader.getRows()[0]?.[0];
      return typeof id === "string" ? id : undefined;
    }
    const meant = matchesMeant(await readSummaries(connection), this.#words);
    const [first, second] = meant;
    if (second === undefined) return first?.matchId;
    const ids = meant.slice(0, 5).map(({ matchId }) => matchId);
    throw new UsageError(
      `${meant.length} matches are meant by "${this.#words.join(" ")}": ${ids.join(", ")}${meant.length > ids.length ? ", …" : ""}`,
      "name one by its id; `third-umpire scorecards` lists them",
    );
  }
}
