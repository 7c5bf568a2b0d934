import { createHash } from "node:crypto";

/** Of this project's objects in Superset; drawn once. */
const NAMESPACE = "5f0a8f0e-3b1c-4c56-9d0b-6d1b0a6c8e21";

/** The same name, the same uuid, for ever: what was imported before is found again. RFC 9562 version 5. */
export function uuidOf(kind: "database" | "dataset" | "chart" | "dashboard" | "filter", name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(NAMESPACE.replaceAll("-", ""), "hex"))
    .update(`${kind}/${name}`)
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
