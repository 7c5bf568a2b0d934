/** Says in a few words what a raw record is about: "1375865 innings 1 ball 4.3", "1375865 match". */
export function aboutRaw(key: Buffer | null, value: Buffer | null): string {
  const matchId = key === null ? "no key" : shorten(key.toString("utf8"), 24);
  if (value === null) return `${matchId} (empty)`;
  const row = parseObject(value);
  if (row === undefined) return `${matchId} (${value.length} bytes, not JSON)`;
  if ("info" in row) return `${matchId} match`;
  if ("problem" in row) return `${matchId} unreadable line ${text(row["line"])} of ${shorten(text(row["file"]), 32)}`;
  return `${matchId} innings ${text(row["innings"])} ball ${text(row["ball"])}`;
}

function parseObject(value: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "?";
}

function shorten(value: string, length: number): string {
  const harmless = value.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
  return harmless.length <= length ? harmless : `${harmless.slice(0, length - 1)}…`;
}
