/** Turns values of a state store into bytes and back. `decode(encode(v))` must equal `v`. */
export interface Codec<V> {
  encode(value: V): Buffer;
  decode(bytes: Buffer): V;
}

export const stringCodec: Codec<string> = {
  encode: (value) => Buffer.from(value),
  decode: (bytes) => bytes.toString(),
};

/** JSON. The type is the caller's word for what its own topology wrote. */
export function jsonCodec<V>(): Codec<V> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes): V => JSON.parse(bytes.toString()),
  };
}
