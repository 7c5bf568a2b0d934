/** Which pipeline a command is about: `--pipeline NAME`, one of ours, or `--app FILE`, a module of anybody's. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, Option } from "commander";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { DEFAULT_PIPELINE, loadPipeline, PIPELINE_NAMES } from "../pipelines/registry.ts";
import type { Topology } from "../processor/topology.ts";
import { UsageError } from "./errors.ts";

export interface PipelineChoice {
  readonly pipeline?: string;
  readonly app?: string;
}

/** Of a key, in a table. */
const KEY_CHARACTERS = 40;

/** Commands that work for any pipeline. The others know the cricket pipeline only. */
const FOR_ANY: ReadonlySet<string> = new Set(["processor", "state", "verdicts", "quarantine", "resend"]);

/** @throws UsageError when another pipeline than cricket is asked for, and the command knows no other. */
export function refuseOtherPipelines(command: Command): void {
  const { app, pipeline = DEFAULT_PIPELINE } = command.optsWithGlobals<PipelineChoice>();
  if (app === undefined && pipeline === DEFAULT_PIPELINE) return;
  let top = command;
  while (top.parent?.parent != null) top = top.parent;
  if (FOR_ANY.has(top.name())) return;
  throw new UsageError(
    `${top.name()} is about the ${DEFAULT_PIPELINE} pipeline`,
    `leave ${app === undefined ? "--pipeline" : "--app"} out; ${[...FOR_ANY].join(", ")} work for any pipeline`,
  );
}

/** Adds both options. They may stand before the command's name or behind it. */
export function addPipelineOptions(program: Command): void {
  program
    .addOption(new Option("--pipeline <name>", `whose data (default: ${DEFAULT_PIPELINE})`).choices(PIPELINE_NAMES))
    .addOption(
      new Option(
        "--app <file>",
        "a pipeline of your own: a JavaScript module whose default export is a topology, or { name, groupId, topology }",
      ).conflicts("pipeline"),
    );
}

/** @throws UsageError when the module cannot be loaded, or exports no pipeline. */
export async function chosenPipeline(command: Command): Promise<Pipeline> {
  const { app, pipeline = DEFAULT_PIPELINE } = command.optsWithGlobals<PipelineChoice>();
  if (app !== undefined) return pipelineOf(app, await loadModule(app));
  const found = await loadPipeline(pipeline);
  if (found === undefined) throw new Error(`no pipeline ${pipeline}`);
  return found;
}

/** A remedy as it is right for this command line: whoever came with a pipeline of their own goes on with it. */
export function remedyFor(argv: readonly string[], remedy: string): string {
  const [, app = ""] = /(?:^|\n)--app(?:=|\n)([^\n]+)/u.exec(argv.join("\n")) ?? [];
  if (app === "") return remedy;
  const named = new RegExp(`\\bthird-umpire (?=(?:${[...FOR_ANY].join("|")})\\b)`, "gu");
  return remedy.replaceAll(named, () => `third-umpire --app ${app} `);
}

/** In a few words, what a raw record is about. */
export function aboutRecord(
  { aboutRaw }: Pipeline,
  { key, value }: { readonly key: Buffer | null; readonly value: Buffer | null },
): string {
  if (aboutRaw !== undefined) return aboutRaw(key, value);
  return key === null
    ? "no key"
    : key
        .toString("utf8")
        .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
        .slice(0, KEY_CHARACTERS);
}

async function loadModule(file: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no module ${file}`, "give the path of the module");
  try {
    const { default: exported } = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return exported;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `the module ${file} cannot be loaded: ${reason}`,
      "make it run with `node FILE` first; TypeScript must be compiled",
    );
  }
}

function pipelineOf(file: string, exported: unknown): Pipeline {
  if (isTopology(exported)) return { name: exported.name, groupId: exported.name, topology: () => exported };
  if (isObject(exported)) {
    const { topology, name, groupId, aboutRaw } = exported;
    const given = typeof topology === "function" ? (topology as Pipeline["topology"]) : undefined;
    const made = isTopology(topology) ? (): Topology => topology : given;
    if (made !== undefined && typeof name === "string") {
      return {
        name,
        groupId: typeof groupId === "string" ? groupId : name,
        topology: made,
        ...(typeof aboutRaw === "function" ? { aboutRaw: aboutRaw as NonNullable<Pipeline["aboutRaw"]> } : {}),
      };
    }
  }
  throw new UsageError(
    `the module ${file} exports no pipeline`,
    "its default export must be what defineTopology returns, or { name, groupId, topology }",
  );
}

function isTopology(value: unknown): value is Topology {
  return isObject(value) && typeof value["decode"] === "function" && isObject(value["topics"]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
