import { quoted } from "../../../domain/cricket/fields.ts";
import { PoisonError } from "../../../domain/errors.ts";
import type { InputRecord } from "../../../processor/topology.ts";

/** What the review needs of a record before it reads its value: CloudEvents 1.0, binary mode. */
export interface Envelope {
  readonly type: string;
  readonly contentType: Buffer;
}

const SPEC_VERSION = Buffer.from("1.0");

/**
 * Reads the headers of a raw record, in one pass. A context attribute that CloudEvents requires and that is missing or
 * empty makes the record poison: nobody could say where it came from.
 *
 * @throws PoisonError that names the header.
 */
export function envelopeOf(record: InputRecord): Envelope {
  let type: Buffer | undefined;
  let contentType: Buffer | undefined;
  let specVersion: Buffer | undefined;
  let id: Buffer | undefined;
  let source: Buffer | undefined;
  for (const [name, value] of record.headers ?? []) {
    // The first of a name counts: the quarantine, and whoever sends a record again, add theirs behind it.
    if (name === "ce_type") type ??= value;
    else if (name === "content-type") contentType ??= value;
    else if (name === "ce_specversion") specVersion ??= value;
    else if (name === "ce_id") id ??= value;
    else if (name === "ce_source") source ??= value;
  }
  const known = present(type, "ce_type");
  const version = present(specVersion, "ce_specversion");
  if (!version.equals(SPEC_VERSION)) throw new PoisonError(`ce_specversion is ${words(version)}; expected "1.0"`);
  present(id, "ce_id");
  present(source, "ce_source");
  return { type: known.toString(), contentType: present(contentType, "content-type") };
}

/** @throws PoisonError when the record says it is something else. Parameters such as a charset are passed over. */
export function expectContentType({ contentType }: Envelope, expected: Buffer): void {
  if (contentType.equals(expected)) return;
  const [mediaType = ""] = contentType.toString().split(";");
  if (mediaType.trim().toLowerCase() === expected.toString()) return;
  throw new PoisonError(`content-type is ${words(contentType)}; expected "${expected.toString()}"`);
}

function present(value: Buffer | undefined, name: string): Buffer {
  if (value === undefined) throw new PoisonError(`the record has no ${name} header`);
  if (value.length === 0) throw new PoisonError(`header ${name} is empty`);
  return value;
}

function words(value: Buffer): string {
  return quoted(value.toString());
}
