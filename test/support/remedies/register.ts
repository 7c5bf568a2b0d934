import { CLOUD } from "./cloud.ts";
import { COMMAND_LINE } from "./command-line.ts";
import { ENGINE } from "./engine.ts";
import { LOCAL } from "./local.ts";
import { SOURCES } from "./sources.ts";
import { WAREHOUSE } from "./warehouse.ts";

/** A test that runs a remedy: its file, and its title as it stands in the file. */
export type By = readonly [file: string, title: string];

/** A remedy, or several that are one and the same, and what became of the promise that it works. */
export type Entry = {
  readonly id: string;
  /** Its text as the code has it, with `{}` for what is only known at run time. */
  readonly says: string | readonly string[];
} & (
  | {
      readonly by: readonly By[];
      /** Of the commands, settings and options that it names, those that no test runs, each with why. */
      readonly except?: Readonly<Record<string, string>>;
    }
  /** No machine of ours can be brought into that state, or out of it. Also stands in the table of docs/RELIABILITY.md. */
  | { readonly cannot: string }
  /** The sentence names a command, but nothing is wrong when it is said, and nobody is told to mend anything. */
  | { readonly noRemedy: string }
  | { readonly untested: true }
);

/** Remedies that no test runs yet. This number may only fall. */
export const UNTESTED: number = 0;

export const REGISTER: readonly Entry[] = [...ENGINE, ...SOURCES, ...WAREHOUSE, ...COMMAND_LINE, ...LOCAL, ...CLOUD];

export function textsOf({ says }: Entry): readonly string[] {
  return typeof says === "string" ? [says] : says;
}
