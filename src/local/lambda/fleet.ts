/** The environments of one function: reused while they live, as many as may run at once, with the fate that the seed has for each invocation. */
import { Environment } from "./environment.ts";
import type { Fate, FaultRates } from "./faults.ts";
import { fateOf } from "./faults.ts";
import type { LambdaFunction } from "./function.ts";
import type { Invoked, Invoker } from "./invoke-api.ts";

export interface FleetCounts {
  readonly invocations: number;
  /** Invocations that waited for a new environment. */
  readonly coldStarts: number;
  /** Invocations whose function failed, in any way. */
  readonly errors: number;
  /** Answers that were dropped on purpose. */
  readonly lost: number;
  readonly throttled: number;
}

export class Fleet implements Invoker {
  readonly #fn: LambdaFunction;
  readonly #rates: FaultRates;
  readonly #changed: (counts: FleetCounts) => void;
  readonly #failed: (log: string) => void;
  /** The warmest last. */
  #idle: Environment[] = [];
  readonly #running = new Set<Environment>();
  #counts: FleetCounts = { invocations: 0, coldStarts: 0, errors: 0, lost: 0, throttled: 0 };
  #isClosed = false;

  /** `failed` takes what the function wrote in an invocation that failed. */
  constructor(
    fn: LambdaFunction,
    rates: FaultRates,
    changed: (counts: FleetCounts) => void,
    failed: (log: string) => void,
  ) {
    this.#fn = fn;
    this.#rates = rates;
    this.#changed = changed;
    this.#failed = failed;
  }

  run(requestId: string, event: Buffer): Promise<Invoked> | null {
    if (this.#running.size >= this.#fn.concurrency || this.#isClosed) {
      this.#count({ throttled: this.#counts.throttled + 1 });
      return null;
    }
    const invocations = this.#counts.invocations + 1;
    this.#count({ invocations });
    return this.#invoke(requestId, event, fateOf(this.#rates, invocations));
  }

  /** Kills every environment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle, ...this.#running].map((environment) => environment.kill()));
  }

  async #invoke(requestId: string, event: Buffer, fate: Fate): Promise<Invoked> {
    const environment = this.#take(fate.cold);
    this.#running.add(environment);
    try {
      const fault = [...(fate.slow ? ["slow"] : []), ...(fate.throws ? ["throw"] : [])].join(",");
      const outcome = await environment.invoke(requestId, event, fault);
      this.#count({
        coldStarts: this.#counts.coldStarts + (outcome.initMs === null ? 0 : 1),
        errors: this.#counts.errors + (outcome.isError ? 1 : 0),
        lost: this.#counts.lost + (fate.repeat ? 1 : 0),
      });
      if (outcome.isError) this.#failed(outcome.log);
      return { outcome, isLost: fate.repeat };
    } finally {
      this.#running.delete(environment);
      if (!environment.isGone && !this.#isClosed) this.#idle.push(environment);
    }
  }

  #take(cold: boolean): Environment {
    this.#idle = this.#idle.filter((environment) => !environment.isGone);
    const warm = this.#idle.pop();
    if (warm !== undefined && !cold) return warm;
    void warm?.kill();
    return new Environment(this.#fn);
  }

  #count(change: Partial<FleetCounts>): void {
    this.#counts = { ...this.#counts, ...change };
    this.#changed(this.#counts);
  }
}
