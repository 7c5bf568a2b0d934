import { FatalError } from "../domain/errors.ts";
import type { ModelBroker } from "./model-broker.ts";
import type { FaultCall, Operation } from "./model-faults.ts";

/** What every call of a killed process rejects with. */
export class ModelKilledError extends FatalError {}

/** Something a process holds that must hear when its heartbeats stop or come back. */
export interface ProcessPart {
  onSilence(): void;
  onRevival(): void;
}

/** What the faults need to know of a producer's call. */
export type ProducerIdentity = NonNullable<FaultCall["producer"]>;

/** One operating-system process, as the broker sees it: it runs, it is stopped (SIGSTOP), or it is gone. */
export class ModelProcess {
  readonly clientId: string;
  readonly broker: ModelBroker;
  readonly #parts = new Set<ProcessPart>();
  #state: "running" | "frozen" | "killed" = "running";

  constructor(broker: ModelBroker, clientId: string) {
    this.broker = broker;
    this.clientId = clientId;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  get isKilled(): boolean {
    return this.#state === "killed";
  }

  add(part: ProcessPart): void {
    this.#parts.add(part);
  }

  kill(): void {
    if (this.#state === "killed") return;
    const wasSilent = this.#state === "frozen";
    this.#state = "killed";
    if (!wasSilent) for (const part of this.#parts) part.onSilence();
    this.broker.clock.changed();
  }

  freeze(): void {
    if (this.#state !== "running") return;
    this.#state = "frozen";
    for (const part of this.#parts) part.onSilence();
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    for (const part of this.#parts) part.onRevival();
    this.broker.clock.changed();
  }

  assertAlive(): void {
    if (this.#state === "killed") throw new ModelKilledError(`process ${this.clientId} was killed`);
  }

  /**
   * One call to the broker: faults before it, the effect, faults after it. A process that is frozen on the
   * way goes on from there when it is thawed; one that is killed does not go on.
   */
  async call<T>(operation: Operation, effect: () => T | Promise<T>, producer?: ProducerIdentity): Promise<T> {
    await this.#gate();
    await this.broker.faults.run("before", operation, this, producer);
    await this.#gate();
    const result = await effect();
    await this.#gate();
    await this.broker.faults.run("after", operation, this, producer);
    this.assertAlive();
    return result;
  }

  async #gate(): Promise<void> {
    while (this.#state === "frozen") await this.broker.clock.wait(() => this.#state !== "frozen", Infinity);
    this.assertAlive();
  }
}
