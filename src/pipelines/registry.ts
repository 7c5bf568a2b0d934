/** The one list of pipelines. A room is loaded when its pipeline is asked for. */
import type { Pipeline } from "./pipeline.ts";

const ROOMS: Readonly<Record<string, () => Promise<Pipeline>>> = {
  cricket: async () => (await import("./cricket/pipeline.ts")).CRICKET,
};

export const DEFAULT_PIPELINE = "cricket";
export const PIPELINE_NAMES: readonly string[] = Object.keys(ROOMS);

/** Undefined for a name that is not in the list. */
export async function loadPipeline(name: string): Promise<Pipeline | undefined> {
  return Object.hasOwn(ROOMS, name) ? await ROOMS[name]?.() : undefined;
}
