/** So many segments of one size class are merged into one of the next (log-structured merge, factor 8). */
const MERGE_FACTOR = 8;
const SMALLEST_BYTES = 64;

/**
 * Which segments are merged, group by group: eight of a size class. What counts is what is still live in them, entries and
 * superseded statements alike, so that a large segment whose entries have been taken over is merged again. A segment with more
 * than half of what one may have stays as it is: any two others fit into one.
 */
export function groupsToMerge(
  segments: Iterable<readonly [sequence: number, liveBytes: number]>,
  bytesMax: number,
): number[][] {
  const mergedBytesMax = bytesMax / 2;
  const classes = new Map<number, { readonly members: number[]; bytes: number }>();
  const groups: number[][] = [];
  for (const [sequence, bytes] of segments) {
    if (bytes > mergedBytesMax) continue;
    const sizeClass = Math.floor(Math.log2(Math.max(bytes / SMALLEST_BYTES, 1)) / Math.log2(MERGE_FACTOR));
    const group = classes.get(sizeClass) ?? { members: [], bytes: 0 };
    group.members.push(sequence);
    group.bytes += bytes;
    classes.set(sizeClass, group);
    if (group.members.length < MERGE_FACTOR && !(group.members.length > 1 && group.bytes > mergedBytesMax)) continue;
    groups.push(group.members);
    classes.delete(sizeClass);
  }
  return groups;
}
