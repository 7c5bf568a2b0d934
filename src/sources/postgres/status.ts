import type { Lsn } from "./lsn.ts";
import { formatLsn } from "./lsn.ts";
import type { NonEvents } from "./assembler.ts";

export interface SourceStatus extends Readonly<NonEvents> {
  /** `standby`: a newer instance of this source took over; this one waits until that is gone. */
  readonly state: "starting" | "snapshot" | "streaming" | "retrying" | "standby" | "stopped";
  /** One line for a person. */
  readonly message: string;
  /** Events committed to Kafka by this process. */
  readonly events: number;
  /** Source transactions committed to Kafka by this process. */
  readonly transactions: number;
  /** Kafka transactions of this process. */
  readonly commits: number;
  /** The persisted position, for people. */
  readonly positionText: string;
  readonly epoch: number;
  /** Bytes of Postgres's log that are not in Kafka yet; null when unknown. */
  readonly lagBytes: number | null;
  /** ms since the Unix epoch; null before the first event. */
  readonly lastEventAt: number | null;
  /** How often this process lost Postgres or Kafka and started over. */
  readonly restarts: number;
}

export class StatusBoard {
  #status: SourceStatus = {
    state: "starting",
    message: "starting",
    events: 0,
    transactions: 0,
    commits: 0,
    positionText: "none",
    epoch: 0,
    lagBytes: null,
    lastEventAt: null,
    restarts: 0,
    deletes: 0,
    truncates: 0,
    foreign: 0,
  };
  readonly #report: (status: SourceStatus) => void;

  constructor(report: (status: SourceStatus) => void) {
    this.#report = report;
  }

  get current(): SourceStatus {
    return this.#status;
  }

  set(change: Partial<SourceStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#report(this.#status);
  }

  committed(
    events: number,
    transactions: number,
    position: { readonly lsn: Lsn; readonly epoch: number },
    nowMs: number,
  ): void {
    const { current } = this;
    this.set({
      events: current.events + events,
      transactions: current.transactions + transactions,
      commits: current.commits + 1,
      positionText: formatLsn(position.lsn),
      epoch: position.epoch,
      lastEventAt: events > 0 ? nowMs : current.lastEventAt,
    });
  }
}
