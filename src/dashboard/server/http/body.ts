import type { IncomingMessage } from "node:http";
import { HttpError } from "./problem.ts";

const BODY_BYTES_MAX = 1024;

/** The JSON of a small body. Throws 413 and 400. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = chunk as Buffer;
    bytes += part.length;
    // The rest is not read: the connection ends with the answer.
    if (bytes > BODY_BYTES_MAX)
      throw new HttpError(413, `the body has more than ${BODY_BYTES_MAX} bytes`, { Connection: "close" });
    chunks.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new HttpError(400, "the body is no JSON");
  }
}
