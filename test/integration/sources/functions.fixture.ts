/** Handlers that do what handlers do wrong. */
export async function handler(
  event: { readonly do?: string; readonly bytes?: number },
  context: object,
): Promise<unknown> {
  switch (event.do) {
    case "throw":
      throw new TypeError("no such thing");
    case "hang":
      return await new Promise(() => setInterval(() => undefined, 1000));
    case "exit":
      process.exit(3);
    // falls through: never
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return await new Promise(() => setInterval(() => undefined, 1000));
    case "large":
      return "x".repeat(event.bytes ?? 0);
    case "log":
      console.log("one line on stdout");
      console.error("one line on stderr");
      return process.pid;
    case "context":
      return {
        ...context,
        remaining: (context as { getRemainingTimeInMillis: () => number }).getRemainingTimeInMillis(),
      };
    default:
      return process.pid;
  }
}
