/**
 * A pipeline of real processes on servers of its own, for tests that kill them: Kafka and Postgres, and the parts of
 * the built command line, each a child process that a supervisor starts again.
 */
import { waitUntilCaughtUp } from "../../src/cli/play/caught-up/caught-up.ts";
import { MARKS } from "../../src/cli/play/caught-up/marks.ts";
import { isStatusMessage } from "../../src/cli/report.ts";
import { CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import { confluentLog } from "../../src/kafka/confluent/index.ts";
import type { Log } from "../../src/kafka/log.ts";
import {
  installPostgres,
  kafkaService,
  localSupervisor,
  postgresService,
  type ProcessSpec,
  type Supervisor,
} from "../../src/local/index.ts";
import { ensureCricketTopics } from "../../src/pipelines/cricket/topics.ts";
import { builtMain, type CliStack, cliStack } from "../support/cli.ts";

/** A part waits for servers that are gone: killing it for being slow would help nobody. */
const READY_MS = 600_000;

/** The state a part reports over its channel. */
interface Reported {
  readonly state: string;
  readonly message: string;
}

export class Rig {
  readonly stack: CliStack;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly #main: string = builtMain();
  readonly #reports = new Map<string, Reported>();
  /** When a part first reported, by our clock: from then on it is up. */
  readonly #firstReports = new Map<string, number>();
  #loaded: Readonly<Record<string, number>> = {};
  #feedDone: () => void = () => undefined;

  private constructor(stack: CliStack) {
    this.stack = stack;
    this.supervisor = localSupervisor(stack.settings);
    this.log = confluentLog({ brokers: stack.settings.brokers, clientId: "crash-test" });
  }

  static async start(options: { readonly postgres: boolean }): Promise<Rig> {
    // Variables of these tests are no settings of the program, which refuses those it does not know.
    const rig = new Rig(await cliStack());
    const { settings } = rig.stack;
    const services = [rig.supervisor.start(kafkaService(settings))];
    if (options.postgres) {
      await installPostgres(settings, () => undefined);
      services.push(rig.supervisor.start(postgresService(settings)));
    }
    await Promise.all(services);
    const admin = rig.log.admin();
    try {
      await ensureCricketTopics(admin, settings);
    } finally {
      await admin.close();
    }
    return rig;
  }

  /** Starts a part under its supervisor; resolves when it works. */
  async part(
    name: string,
    args: readonly string[],
    working: readonly string[],
    restart: boolean = true,
  ): Promise<void> {
    await this.supervisor.start(this.#spec(name, args, working, restart));
  }

  async startPipeline(processors: number): Promise<void> {
    const names = Array.from({ length: processors }, (_, index) => `processor-${index + 1}`);
    await Promise.all([
      this.part("source", ["source", "odi"], ["streaming", "snapshot", "standby"]),
      ...names.map((name) => this.part(name, ["processor", "--instance", name], ["running"])),
      this.part("loader", ["loader"], ["running"]),
    ]);
  }

  /** Runs the feed until it says that all is in, however often it is killed meanwhile. */
  async feed(args: readonly string[]): Promise<void> {
    const done = new Promise<void>((resolve) => (this.#feedDone = resolve));
    const started = this.part("feed", ["feed", ...args], ["playing", "live", "done"]);
    await Promise.race([done, started.then(() => done)]);
    // It ended by itself; without this the supervisor would start it again.
    await this.supervisor.stop("feed");
  }

  /** When the part first reported since `forgetReport`, ms by `performance.now()`. */
  firstReport(name: string): number | undefined {
    return this.#firstReports.get(name);
  }

  forgetReport(name: string): void {
    this.#firstReports.delete(name);
  }

  /** Waits until all that is in Postgres is in the warehouse. */
  async settle(timeoutMs: number): Promise<void> {
    let doing = "";
    await waitUntilCaughtUp({
      log: this.log,
      sources: [{ id: "odi", mark: () => MARKS.odi(this.stack.settings) }],
      inputs: [CRICKET_TOPICS.odiRaw],
      partitions: this.stack.settings.partitions,
      clean: [
        CRICKET_TOPICS.deliveries,
        CRICKET_TOPICS.matches,
        CRICKET_TOPICS.verdicts,
        CRICKET_TOPICS.quarantine,
        CRICKET_TOPICS.gaps,
      ],
      loaded: () => this.#loaded,
      signal: AbortSignal.timeout(timeoutMs),
      onProgress: (now) => (doing = now),
    }).catch((error: unknown) => {
      const states = [...this.#reports].map(([name, { state, message }]) => `${name}: ${state} ${message}`);
      throw new Error(`not settled (${doing}); ${states.join("; ")}`, { cause: error });
    });
  }

  async stopParts(): Promise<void> {
    for (const { name } of this.supervisor.list()) {
      if (name !== "kafka" && name !== "postgres") await this.supervisor.stop(name);
    }
  }

  async remove(): Promise<void> {
    await this.supervisor.stopAll();
    await this.stack.remove();
  }

  #spec(name: string, args: readonly string[], working: readonly string[], restart: boolean): ProcessSpec {
    let isWorking = false;
    return {
      name,
      command: process.execPath,
      args: [this.#main, ...args],
      env: this.stack.env,
      ipc: true,
      restart,
      readyTimeoutMs: READY_MS,
      stopGraceMs: 27_000,
      beforeStart: async () => {
        isWorking = false;
      },
      ready: async () => isWorking,
      onMessage: (message) => {
        if (!isStatusMessage(message)) return;
        const status = message.status as Reported & { readonly offsets?: Readonly<Record<string, number>> };
        this.#reports.set(name, status);
        if (!this.#firstReports.has(name)) this.#firstReports.set(name, performance.now());
        if (name === "loader" && status.offsets !== undefined) this.#loaded = status.offsets;
        if (name === "feed" && status.state === "done") this.#feedDone();
        isWorking ||= working.includes(status.state);
      },
    };
  }
}
