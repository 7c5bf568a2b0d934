import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { FatalError } from "../../domain/errors.ts";
import { projectRoot } from "../../settings.ts";

/** The description of the API, docs/openapi.yaml, as JSON. */
export function readOpenApi(): unknown {
  const path = join(projectRoot(import.meta.dirname), "docs", "openapi.yaml");
  try {
    return load(readFileSync(path, "utf8"));
  } catch (error) {
    throw new FatalError(`${path} cannot be read`, { cause: error, remedy: "install the package again" });
  }
}
