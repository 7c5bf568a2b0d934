declare module "snappyjs" {
  /** Inflates one block. Throws an Error on bytes that are none. */
  export function uncompress(bytes: Buffer): Buffer;
  export function compress(bytes: Buffer): Buffer;
}
