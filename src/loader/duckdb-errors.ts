import { FatalError, RetryableError } from "../domain/errors.ts";

/** DuckDB tells errors apart by text only. */
const LOCK = /Could not set lock.*Conflicting lock is held in (?<program>.*?) \(PID (?<pid>\d+)\)/su;
const NO_SPACE = /No space left on device|Disk quota exceeded|File too large|out of disk space/iu;
const CORRUPT =
  /not a valid DuckDB database file|Could not read enough bytes|checksum|Corrupt|Serialization Error|Failure while replaying WAL|Could not read all bytes/iu;
const NEWER = /newer version of DuckDB|storage version|higher version|created with.*version/iu;
const DENIED = /Permission denied|Read-only file system|read-only mode/iu;
const PASSING =
  /^(?:IO|TransactionContext|Transaction|FATAL|Out of Memory|Connection|Interrupt)\b|has been invalidated|Failed to commit/iu;

/** The database file or its log cannot be read any more. */
export class DamagedFileError extends FatalError {}

/** Who holds DuckDB's lock on a file; null when the error is about something else. */
export function lockHolder(error: unknown): { readonly program: string; readonly pid: number } | null {
  const match = LOCK.exec(messageOf(error));
  return match?.groups === undefined
    ? null
    : { program: match.groups["program"] ?? "", pid: Number(match.groups["pid"]) };
}

/**
 * Names the reaction to what DuckDB threw about the file at `path`. Errors that have a reaction already,
 * and programming errors, come back as they are.
 */
export function duckdbReaction(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || "reaction" in error) return error;
  const message = firstLine(error.message);
  if (tellsOfFullDisk(message)) {
    return new RetryableError(`the disk is full: ${path} cannot grow; loading goes on by itself when there is space`, {
      cause: error,
    });
  }
  if (NEWER.test(message)) {
    return new FatalError(`${path} was written by a newer DuckDB: ${message}`, {
      cause: error,
      remedy: "update this program",
    });
  }
  if (CORRUPT.test(message)) {
    return new DamagedFileError(`${path} is damaged: ${message}`, {
      cause: error,
      remedy:
        "`third-umpire loader --restore` sets the file aside and goes on from the newest published snapshot, which holds its own offsets: Kafka has the rest",
    });
  }
  if (DENIED.test(message)) {
    return new FatalError(`${path} cannot be written: ${message}`, {
      cause: error,
      remedy: "check who owns the file and its folder",
    });
  }
  if (PASSING.test(message)) return new RetryableError(`${path}: ${message}`, { cause: error });
  return error;
}

/** DuckDB gives no code for it. */
export function tellsOfFullDisk(message: string): boolean {
  return NO_SPACE.test(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
