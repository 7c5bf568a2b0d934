/** What a check says, and how it is run: bounded in time, never printing a secret. */
import { RetryableError } from "../domain/errors.ts";
import { oneLine } from "../domain/one-line.ts";
import { redactUrl } from "../settings.ts";

export type CheckState = "ok" | "note" | "missing";

export interface CheckLine {
  readonly source: string;
  readonly check: string;
  /** `note`: worth knowing, and no reason not to start. */
  readonly state: CheckState;
  readonly found: string;
  readonly remedy: string | null;
}

/** Takes what one check found. Once something is missing that the others need, the rest of a source is left out. */
export type Report = (check: string, state: CheckState, found: string, remedy?: string) => void;

export interface SourceCheck {
  readonly source: string;
  /** What must not be printed. */
  readonly secrets: readonly string[];
  /** Reports each finding; throws what no check of its own named. Ends soon after `signal` aborts. */
  readonly run: (report: Report, signal: AbortSignal) => Promise<void>;
}

/** Says what went wrong in `error`, and what mends it, when a check can tell. */
export interface Diagnosis {
  readonly found: string;
  readonly remedy?: string;
}

/** A shorter password would blank out ordinary words; no cloud accepts it. */
const SECRET_CHARS_MIN = 8;

/** Runs one source's checks for `timeoutMs` at most. Never throws: what cannot be checked is a finding. */
export async function runSourceCheck(check: SourceCheck, timeoutMs: number): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  let closed = false;
  const report: Report = (name, state, found, remedy) => {
    if (closed) return;
    lines.push({
      source: check.source,
      check: name,
      state,
      found: withoutSecrets(oneLine(found), check.secrets),
      // Our own words: a default password such as "umpire" stands in them by nature.
      remedy: remedy === undefined ? null : redactUrl(oneLine(remedy)),
    });
  };
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeoutMs);
  });
  const work = check.run(report, deadline.signal).then(
    () => undefined,
    (error: unknown) => {
      report("check", "missing", messageOf(error), remedyOf(error));
    },
  );
  if ((await Promise.race([work, late])) === "late") {
    report(
      "answer",
      "missing",
      `no answer within ${timeoutMs / 1000} s`,
      "see whether a firewall lets this machine through, and whether the service is paused; more time with --timeout",
    );
    closed = true;
    deadline.abort();
  }
  clearTimeout(timer);
  return lines;
}

/** The innermost message; Node bundles the failures of several addresses. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? (codeOf(error) ?? error.name) : error.message;
}

export function remedyOf(error: unknown): string | undefined {
  const remedy: unknown = error instanceof Error ? Reflect.get(error, "remedy") : undefined;
  return typeof remedy === "string" ? remedy : undefined;
}

/** What mends a refusal: what the error itself names, another try where the server says that it passes, else `otherwise`. */
export function remedyFor(error: unknown, otherwise: string): string {
  const passes = "the server says that this passes: run third-umpire cloud-check again";
  return remedyOf(error) ?? (error instanceof RetryableError ? passes : otherwise);
}

/** The code of an error, or of what it wraps. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : codeOf(error.cause);
}

/** A certificate that cannot be traced to an authority that Node knows. */
export function isCertificateError(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/u.test(codeOf(error) ?? "");
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = redactUrl(text);
  for (const secret of secrets) {
    if (secret.length >= SECRET_CHARS_MIN) clean = clean.replaceAll(secret, "***");
  }
  return clean;
}

/** User information of an address, as it stands there and decoded. */
export function secretsOf(address: string): string[] {
  const encoded = /^[a-z+]+:\/\/[^/?#:@\s]*:([^/?#\s]*)@/u.exec(address)?.[1];
  if (encoded === undefined || encoded === "") return [];
  try {
    return [encoded, decodeURIComponent(encoded)];
  } catch {
    return [encoded]; // a stray %: as it stands
  }
}
