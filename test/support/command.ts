import { vi } from "vitest";
import { toFailure } from "../../src/cli/errors.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { Told } from "./remedies/works.ts";

/** Runs a command in this process; what it printed. Throws what the person would be told. */
export async function command(...args: readonly string[]): Promise<string> {
  const argv = ["node", "third-umpire", ...args];
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    const program = await buildProgram(argv);
    await program.parseAsync(argv);
  } catch (error) {
    const failure = toFailure(error);
    if (failure?.remedy !== undefined) throw new Told(failure.remedy);
    if (failure !== undefined) throw error;
  } finally {
    write.mockRestore();
  }
  return printed.join("");
}

/** What a system error is told as, at the end of any command. */
export async function told<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const remedy = toFailure(error)?.remedy;
    if (remedy === undefined) throw error;
    throw new Told(remedy);
  }
}
