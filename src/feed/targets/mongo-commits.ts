/**
 * One transaction a document, in the order of the documents, and the wait for the disk shared by many of them.
 *
 * A commit with write concern "majority" waits for the journal of the server: one or two flushes of its disk, in which the next
 * transaction of the match could have been written long ago. So each transaction commits in memory first (w: 1), the next one follows at
 * once, and the last one is committed once more, now with "majority", as the driver does it when an answer got lost: it waits until that
 * commit is on disk. What was committed before it is so too: its progress was moved from where theirs had left it, so it stands in
 * no log that does not hold them. Nothing is acknowledged before.
 *
 *   run(1) run(2) run(3) run(4) run(5)          one after the other, each in a session of its own
 *                  └── durable(3) ───┘└─ durable(5) …   1 to 3 are acknowledged, then 4 and 5
 */
import type { ClientSession, MongoClient } from "mongodb";

/** Runs a transaction in a session, up to its commit with w: 1. False when it has inserted nothing, and is aborted. */
export type Transaction = (session: ClientSession) => Promise<boolean>;

interface Committed {
  readonly session: ClientSession;
  readonly resolve: (inserted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

export interface OrderedCommitsOptions {
  readonly client: Pick<MongoClient, "startSession">;
  /** So many committed transactions at most wait until the disk is asked for; fewer when nothing else is to do. */
  readonly groupRows: number;
}

export class OrderedCommits {
  readonly #o: OrderedCommitsOptions;
  #tail: Promise<unknown> = Promise.resolve();
  /** Transactions that wait for their turn or run. */
  #coming = 0;
  #committed: Committed[] = [];
  #isWaiting = false;
  readonly #free: ClientSession[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(options: OrderedCommitsOptions) {
    this.#o = options;
  }

  /** After a failure: what follows knows how far the match is. */
  begin(): void {
    this.#failure = undefined;
  }

  /**
   * Resolves when the transaction is on the disk of a majority; false when it inserted nothing. One that fails fails all that wait
   * behind it, until `begin`: they would find the progress elsewhere.
   */
  add(transaction: Transaction): Promise<boolean> {
    this.#coming += 1;
    const result = new Promise<boolean>((resolve, reject) => {
      this.#tail = this.#tail.then(() => this.#run(transaction, resolve, reject));
    });
    return result;
  }

  async close(): Promise<void> {
    await this.#tail;
    await Promise.all(this.#free.splice(0).map((session) => session.endSession()));
  }

  async #run(transaction: Transaction, resolve: Committed["resolve"], reject: Committed["reject"]): Promise<void> {
    const session = this.#free.pop() ?? this.#o.client.startSession();
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (await transaction(session)) {
        this.#committed.push({ session, resolve, reject });
      } else {
        this.#free.push(session);
        resolve(false);
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#giveUp(session);
      reject(error);
    } finally {
      this.#coming -= 1;
      this.#ask();
    }
  }

  /** Asks for the disk, unless that is under way or more is to come. */
  #ask(): void {
    const { length } = this.#committed;
    if (this.#isWaiting || length === 0 || (length < this.#o.groupRows && this.#coming > 0)) return;
    this.#isWaiting = true;
    void this.#durable(this.#committed.splice(0)).finally(() => {
      this.#isWaiting = false;
      this.#ask();
    });
  }

  async #durable(group: readonly Committed[]): Promise<void> {
    const last = group.at(-1);
    if (last === undefined) return;
    try {
      await last.session.commitTransaction();
      for (const { session, resolve } of group) {
        this.#free.push(session);
        resolve(true);
      }
    } catch (error) {
      this.#failure ??= { error };
      for (const { session, reject } of group) {
        this.#giveUp(session);
        reject(error);
      }
    }
  }

  /** Whatever became of its transaction, the next one begins in a session that knows nothing of it. */
  #giveUp(session: ClientSession): void {
    // The first error tells what happened; a server that is gone ends the transaction itself.
    void session.endSession().catch(() => undefined);
  }
}
