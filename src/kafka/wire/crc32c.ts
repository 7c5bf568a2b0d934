/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78, RFC 3720 appendix B.4), by table: Kafka's checksum of a record batch. */
const byByte = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/**
 * Four tables for four bytes at once ("slicing by 4": Kounavis and Berry, A Systematic Approach to Building High Performance
 * Software-based CRC Generators, 2005): table n holds what a byte leaves behind after n further zero bytes.
 */
const tables = new Uint32Array(4 * 256);
tables.set(byByte);
for (let at = 256; at < tables.length; at++) {
  const before = tables[at - 256]!;
  tables[at] = byByte[before & 0xff]! ^ (before >>> 8);
}

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  let at = 0;
  for (const end = bytes.length & ~3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = byByte[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
