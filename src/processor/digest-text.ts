/** In front of a digest. The first version had nothing there, and did not see all that is in the state. */
const VERSION = "2:";

/** The digests of the known events and of each store, in the order of the topology, as the offset metadata carries them. */
export function digestText(known: string, stores: readonly string[]): string {
  return VERSION + [known, ...stores].join(".");
}

export function isFirstVersion(digest: string): boolean {
  return !digest.includes(":");
}
