import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32, deflateRawSync } from "node:zlib";

export interface FileServer {
  readonly url: string;
  /** The request headers of each call, in order. */
  readonly calls: readonly { readonly range: string | undefined; readonly ifRange: string | undefined }[];
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, call: number) => void;

/** An HTTP server on the loopback address; `answer` gets each request and its number, from 0. */
export async function serve(answer: Answer, path = "/archive.zip", port = 0): Promise<FileServer> {
  const calls: { range: string | undefined; ifRange: string | undefined }[] = [];
  const server: Server = createServer((request, response) => {
    const ifRange = request.headers["if-range"];
    calls.push({ range: request.headers.range, ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange });
    answer(request, response, calls.length - 1);
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/**
 * Answers as a server for files does: ETag, Range, If-Range, If-None-Match. Sends `cutAfter(call)` bytes of the body and cuts the connection
 * when `arrived` says that some of them are in the client's hands: what is still on its way then may be lost.
 */
export function fileAnswer(
  body: Buffer,
  options: {
    etag?: string;
    cutAfter?: (call: number) => number | undefined;
    arrived?: () => Promise<void>;
    ranges?: boolean;
  } = {},
): Answer {
  const { etag = '"one"', ranges = true } = options;
  return (request, response, call) => {
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? "")?.[1] ?? 0);
    const isPart = ranges && from > 0 && request.headers["if-range"] === etag;
    if (isPart && from >= body.length) {
      response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
      return;
    }
    const rest = isPart ? body.subarray(from) : body;
    response.writeHead(isPart ? 206 : 200, {
      etag,
      "content-length": rest.length,
      ...(isPart ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    const cut = options.cutAfter?.(call);
    if (cut === undefined) {
      response.end(rest);
      return;
    }
    response.write(rest.subarray(0, cut));
    void (options.arrived?.() ?? Promise.resolve()).then(() => response.destroy());
  };
}

export interface ZipMember {
  readonly name: string;
  readonly content: Buffer | string;
  /** What the archive says instead of the truth. */
  readonly crc?: number;
  readonly size?: number;
}

/** A zip archive of deflated files, by the format's own description (APPNOTE.TXT 4.3), so that it can be made wrong. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const content = Buffer.from(member.content);
    const packed = deflateRawSync(content);
    const name = Buffer.from(member.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(0x0800, 2); // the name is UTF-8
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt32LE(member.crc ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(member.size ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 0]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from("PK\u0005\u0006"), end]);
}
