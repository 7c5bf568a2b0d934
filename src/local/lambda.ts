/** The local Lambda endpoint as a service of the local stack: `third-umpire lambda` in a process of its own. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureStore } from "../object-store/open.ts";
import type { Settings } from "../settings.ts";
import type { FaultRates } from "./lambda/faults.ts";
import { HEALTH_PATH } from "./lambda/index.ts";
import { requireFreePort } from "./ports.ts";
import type { ProcessSpec } from "./supervisor.ts";

/** `faults`: what the function does wrong; absent rates are 0. */
export function lambdaService(settings: Settings, faults: Partial<FaultRates> = {}): ProcessSpec {
  const extension = extname(import.meta.url);
  const main = fileURLToPath(new URL(`../cli/main${extension}`, import.meta.url));
  const loader = extension === ".ts" ? ["--import", import.meta.resolve("tsx")] : [];
  return {
    name: "lambda",
    command: process.execPath,
    args: [...loader, main, "lambda", ...faultOptions(faults)],
    env: environmentOf(settings),
    beforeStart: async () => {
      await requireFreePort(settings.lambdaPort, "TU_LAMBDA_PORT", "the Lambda endpoint");
      await ensureStore(settings.objectStore);
    },
    ready: () => lambdaAnswers(settings.lambdaPort),
  };
}

/** Whether an endpoint of ours listens there. */
export async function lambdaAnswers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${HEALTH_PATH}`, { signal: AbortSignal.timeout(2000) });
    return answer.ok && "function" in ((await answer.json()) as object);
  } catch {
    return false; // starting up, or gone: the probe comes again
  }
}

/** As options of `third-umpire lambda`. */
function faultOptions(faults: Partial<FaultRates>): string[] {
  const { seed, throwRate, coldRate, repeatRate, slowRate } = faults;
  const options = {
    "--seed": seed,
    "--throw-rate": throwRate,
    "--cold-rate": coldRate,
    "--repeat-rate": repeatRate,
    "--slow-rate": slowRate,
  };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}

/** The child reads its settings from the environment: it must find those we were given, whatever .env says. */
function environmentOf(settings: Settings): Record<string, string> {
  return {
    TU_LOCAL_DIR: settings.localDir,
    TU_LAMBDA_PORT: String(settings.lambdaPort),
    TU_LAMBDA_FUNCTION: settings.lambdaFunction,
    TU_LAMBDA_REGION: settings.lambdaRegion,
    TU_OBJECT_STORE: settings.objectStore,
    TU_LOG_LEVEL: settings.logLevel,
  };
}
