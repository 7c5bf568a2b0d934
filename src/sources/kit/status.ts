/** What is still at the source and not in Kafka, in the unit in which the source can tell. */
export interface SourceLag {
  readonly amount: number;
  readonly unit: "bytes" | "seconds" | "objects";
}

export interface SourceStatus {
  /** `standby`: a newer instance of this source took over; this one waits until that is gone. */
  readonly state: "starting" | "snapshot" | "streaming" | "retrying" | "standby" | "stopped";
  /** One line for a person. */
  readonly message: string;
  /** Events committed to Kafka by this process. */
  readonly events: number;
  /** Source transactions committed to Kafka by this process (polls, where the source knows no transactions). */
  readonly transactions: number;
  /** Kafka transactions of this process. */
  readonly commits: number;
  /** The persisted position, for people. */
  readonly positionText: string;
  readonly epoch: number;
  /** null when unknown. */
  readonly lag: SourceLag | null;
  /** ms since the Unix epoch; null before the first event. */
  readonly lastEventAt: number | null;
  /** How often this process lost its server or Kafka and started over. */
  readonly restarts: number;
  /** What happened at the source that is no event, by name: shown, so that a person who deletes rows sees that nothing followed. */
  readonly ignored: Readonly<Record<string, number>>;
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
    lag: null,
    lastEventAt: null,
    restarts: 0,
    ignored: {},
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

  /** One Kafka transaction was committed; `positionText` and `epoch` are those of its position. */
  committed(events: number, transactions: number, positionText: string, epoch: number, nowMs: number): void {
    const { current } = this;
    this.set({
      events: current.events + events,
      transactions: current.transactions + transactions,
      commits: current.commits + 1,
      positionText,
      epoch,
      lastEventAt: events > 0 ? nowMs : current.lastEventAt,
    });
  }
}
