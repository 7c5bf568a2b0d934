/**
 * The offset index of a file store: 16 bytes an object, so that object n is found at (n - 1) × 16. An object is visible when its entry is
 * there; the entry is written after the record.
 *
 *   f64 offset in the log · u32 bytes of the record · u32 the record's CRC-32
 */
export const ENTRY_BYTES = 16;

export interface IndexEntry {
  readonly offset: number;
  readonly bytes: number;
  readonly crc: number;
}

/** The entry of a record that begins at `offset` of the log. */
export function encodeEntry(record: Buffer, offset: number): Buffer {
  const entry = Buffer.allocUnsafe(ENTRY_BYTES);
  entry.writeDoubleLE(offset, 0);
  entry.writeUInt32LE(record.length, 8);
  entry.writeUInt32LE(record.readUInt32LE(4), 12);
  return entry;
}

export function decodeEntries(bytes: Buffer): IndexEntry[] {
  return Array.from({ length: Math.floor(bytes.length / ENTRY_BYTES) }, (_, index) => {
    const at = index * ENTRY_BYTES;
    return { offset: bytes.readDoubleLE(at), bytes: bytes.readUInt32LE(at + 8), crc: bytes.readUInt32LE(at + 12) };
  });
}
