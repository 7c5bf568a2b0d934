/** What canonical content may be made of. */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue | undefined };

/**
 * Canonical form of a value, after RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units,
 * no white space, numbers as ECMAScript prints them (−0 as 0), strings in Unicode NFC so that the same name
 * typed on two systems is one name. Absent and undefined members are the same.
 * Throws a RangeError for numbers that JSON cannot carry.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.normalize("NFC"));
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`${value} has no canonical form`);
    return JSON.stringify(value === 0 ? 0 : value);
  }
  if (isList(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members: string[] = [];
  for (const name of Object.keys(value).toSorted()) {
    const member = value[name];
    if (member !== undefined) members.push(`${JSON.stringify(name.normalize("NFC"))}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
