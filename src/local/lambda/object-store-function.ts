/** The function of the object store, as its own package deploys it, with the settings of this project. */
import { existsSync } from "node:fs";
import type { Settings } from "../../settings.ts";
import { packageFile } from "../paths.ts";
import type { LambdaFunction } from "./function.ts";

/** A poll costs nothing here: a ball is seen soon after it was played. */
const POLL_AFTER_MS = 200;

export interface FunctionLimits {
  readonly timeoutMs?: number;
  readonly concurrency?: number;
}

export function objectStoreFunction(settings: Settings, limits: FunctionLimits = {}): LambdaFunction {
  return {
    name: nameOf(settings.lambdaFunction),
    region: settings.lambdaRegion,
    module: handlerModule(),
    handler: "handler",
    env: {
      TU_OBJECT_STORE: settings.objectStore,
      TU_POLL_AFTER_MS: String(POLL_AFTER_MS),
      ...(settings.objectStore.startsWith("s3://") ? awsVariables() : {}),
    },
    timeoutMs: limits.timeoutMs ?? 15_000,
    memoryMb: 256,
    concurrency: limits.concurrency ?? 4,
  };
}

/** `name`, `name:qualifier` or an ARN → the name. */
function nameOf(reference: string): string {
  return /(?:^|:function:)([A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?$/u.exec(reference)?.[1] ?? reference;
}

function handlerModule(): string {
  const source = packageFile("infra", "lambda", "object-store", "handler.ts");
  const built = packageFile("dist", "infra", "lambda", "object-store", "handler.js");
  // Next to the code that runs: sources for sources, the build for the build.
  return import.meta.url.endsWith(".ts") || !existsSync(built) ? source : built;
}

/** A bucket is reached by the rights of whoever started the endpoint. */
function awsVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      (name.startsWith("AWS_") || name === "HOME") && value !== undefined ? [[name, value]] : [],
    ),
  );
}
