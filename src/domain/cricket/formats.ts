import type { CricketFormat } from "./types.ts";

/**
 * Whether files of this format and version say of an innings that it was declared or is a super over, so
 * that silence means "no". csv1 and csv2 before 2.3 have no such lines, and silence means nothing.
 */
export function carriesInningsFlags(format: CricketFormat, version: string): boolean {
  if (format === "csv1") return false;
  if (format === "csv2") return Number(/^2\.(\d+)/u.exec(version)?.[1] ?? 0) >= 3;
  return true;
}

/** Whether the format gives the runs a side has to make; csv2 does from 2.3, with the innings flags. */
export function carriesTargets(format: CricketFormat, version: string): boolean {
  return format === "json" || (format === "csv2" && carriesInningsFlags(format, version));
}

/** Whether the format has what happened beside the deliveries: forfeited innings, absent batters, penalties. */
export function carriesInningsEvents(format: CricketFormat): boolean {
  return format === "json" || format === "yaml";
}

/** Whether the format says how many balls an over has; where it does not, they are six. */
export function carriesBallsPerOver(format: CricketFormat, version: string): boolean {
  return format === "json" || format === "csv2" || (format === "yaml" && Number(version) >= 0.91);
}

/**
 * Whether the format has the event in the words that JSON and csv2 share. The original CSV had "series" or "competition",
 * YAML has an abbreviation such as "IPL": other words for one thing, and no correction of it.
 */
export function carriesEvent(format: CricketFormat): boolean {
  return format === "json" || format === "csv2";
}

/** A calendar date as files of the format write it; ours are ISO 8601, the CSVs have slashes. */
export function dateInForm(format: CricketFormat, date: string): string {
  return format === "csv1" || format === "csv2" ? date.replaceAll("-", "/") : date;
}
