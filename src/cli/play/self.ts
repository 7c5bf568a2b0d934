/** How this very program is started once more: the same node, the same loader (tsx in development), the same file. */
export function selfCommand(args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  const [, script = ""] = process.argv;
  return { command: process.execPath, args: [...process.execArgv, script, ...args] };
}
