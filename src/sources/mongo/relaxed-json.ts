/** Documents as relaxed Extended JSON: what JSON knows as JSON has it, everything else as `{"$type": …}`. */
import { BSON, Long } from "mongodb";

/**
 * Unlike the driver's own `EJSON.stringify(…, {relaxed: true})` it keeps whole numbers beyond 2^53, which that one rounds: they
 * come as `{"$numberLong": "…"}`.
 */
export function relaxedJson(document: object): string {
  return JSON.stringify(isPlain(document) ? document : relaxed(document));
}

/** Most documents hold only what JSON knows: then there is nothing to copy. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isPlain);
      return isRecord(value) && Object.values(value).every(isPlain);
    default:
      return false;
  }
}

function relaxed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relaxed);
  if (typeof value === "object" && value !== null && isRecord(value)) {
    // Own properties whatever their name: "__proto__" may be one.
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, relaxed(member)]));
  }
  if (isPlain(value)) return value;
  const exact = value instanceof Long || Object.is(value, -0);
  return BSON.EJSON.serialize(value, { relaxed: !exact });
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
