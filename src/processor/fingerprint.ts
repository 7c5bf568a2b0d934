import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/review/canonical.ts";
import type { Topology } from "./topology.ts";

/**
 * 16 hex digits over everything that decides where state lives and what it means: a processor refuses state that was
 * written under another fingerprint, instead of adopting it silently.
 */
export function topologyFingerprint(topology: Topology): string {
  const { retention } = topology.review;
  const shape = canonicalJson({
    name: topology.name,
    identityVersion: topology.identityVersion ?? 1,
    inputs: topology.inputs,
    partitions: topology.partitions,
    stores: topology.storeNames,
    retention: retention === "unbounded" ? "unbounded" : retention.ms,
  });
  return createHash("sha256").update(shape).digest("hex").slice(0, 16);
}
