import { type Command, Option } from "commander";
import { parseDuration, parseInteger, parseRate } from "../options.ts";

interface Options {
  readonly seed: number;
  readonly throwRate: number;
  readonly coldRate: number;
  readonly repeatRate: number;
  readonly slowRate: number;
  readonly timeout: number;
  readonly concurrency: number;
}

export function register(program: Command): void {
  program
    .command("lambda")
    .description("the function before the object store, on a local endpoint that is called like AWS Lambda")
    .option(
      "--seed <number>",
      "seed of everything the function does wrong: the same seed does the same",
      parseInteger(0, 0xffff_ffff),
      1,
    )
    .option("--throw-rate <share>", "share of invocations that throw", parseRate, 0)
    .option("--cold-rate <share>", "share of invocations that find their environment killed", parseRate, 0)
    .option(
      "--repeat-rate <share>",
      "share of invocations whose answer is lost, so that they are repeated",
      parseRate,
      0,
    )
    .option("--slow-rate <share>", "share of invocations that take 1.5 s longer", parseRate, 0)
    .addOption(
      new Option("--timeout <time>", "longest time of one invocation").argParser(parseDuration).default(15_000, "15s"),
    )
    .option("--concurrency <number>", "invocations at the same time; more are throttled", parseInteger(1, 100), 4)
    .action(lambda);
}

async function lambda(options: Options): Promise<void> {
  const [{ loadSettings }, { runAsProcess }, { runLambdaEndpoint }, { objectStoreFunction }, { ensureStore }] =
    await Promise.all([
      import("../../settings.ts"),
      import("../process.ts"),
      import("../../local/lambda/index.ts"),
      import("../../local/lambda/object-store-function.ts"),
      import("../../object-store/open.ts"),
    ]);
  const settings = loadSettings();
  await ensureStore(settings.objectStore);
  const { seed, throwRate, coldRate, repeatRate, slowRate, timeout, concurrency } = options;
  await runAsProcess("lambda", settings, (signal, onStatus, logger) =>
    runLambdaEndpoint({
      fn: objectStoreFunction(settings, { timeoutMs: timeout, concurrency }),
      port: settings.lambdaPort,
      faults: { seed, throwRate, coldRate, repeatRate, slowRate },
      signal,
      onStatus,
      onFailure: (log) => logger.warn({ log }, "the function failed"),
    }),
  );
}
