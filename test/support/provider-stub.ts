/**
 * Stands in for a Terraform provider as far as its schema goes, so that `terraform validate` and `terraform test` (with mocked
 * providers) check a configuration without a registry: plugin protocol 6, gRPC over plain HTTP/2, announced by TF_REATTACH_PROVIDERS.
 *
 * A schema file has the shape of one entry of `terraform providers schema -json`. Only names, types and required, optional, computed,
 * write-only and block counts are known; what a provider checks in its own code is not. https://github.com/hashicorp/terraform, docs/plugin-protocol.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

interface Attribute {
  readonly type?: unknown;
  readonly nested_type?: { readonly attributes: Attributes; readonly nesting_mode: string };
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
  readonly write_only?: boolean;
}
type Attributes = Readonly<Record<string, Attribute>>;
interface Block {
  readonly attributes?: Attributes;
  readonly block_types?: Readonly<Record<string, NestedBlock>>;
}
interface NestedBlock {
  readonly block: Block;
  readonly nesting_mode: string;
  readonly min_items?: number;
  readonly max_items?: number;
}
interface Schema {
  readonly version: number;
  readonly block: Block;
}
export interface ProviderSchema {
  readonly source: string;
  readonly provider: Schema;
  readonly resource_schemas: Readonly<Record<string, Schema>>;
  readonly data_source_schemas: Readonly<Record<string, Schema>>;
}

export interface ProviderStubs {
  /** What the environment of terraform needs. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts one stub for each provider, `source address → schema file`, on the loopback address. */
export async function startProviderStubs(files: Readonly<Record<string, string>>): Promise<ProviderStubs> {
  const servers: Http2Server[] = [];
  const reattach: Record<string, unknown> = {};
  for (const [source, file] of Object.entries(files)) {
    const answer = frame(encodeProvider(JSON.parse(readFileSync(file, "utf8")) as ProviderSchema));
    const server = createServer().on("stream", (stream, headers) => {
      // A stream that is cut short belongs to a terraform that has ended: nobody is left to tell.
      reply(stream, String(headers[":path"]), answer).catch(() => stream.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Test: terraform leaves the process alone when it is done.
    reattach[source] = {
      Protocol: "grpc",
      ProtocolVersion: 6,
      Pid: process.pid,
      Test: true,
      Addr: { Network: "tcp", String: address },
    };
  }
  return {
    env: { TF_REATTACH_PROVIDERS: JSON.stringify(reattach) },
    close: async () => {
      await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
    },
  };
}

/** The calls that mean "nothing to complain about" when the answer is empty. */
const AGREES = /\/(Validate\w+|ConfigureProvider|StopProvider|GetFunctions)$/u;
const OK = "0";
const UNIMPLEMENTED = "12";
const FRAME_HEAD_BYTES = 5;

async function reply(stream: ServerHttp2Stream, path: string, schema: Buffer): Promise<void> {
  const request: Buffer[] = [];
  for await (const chunk of stream) request.push(chunk as Buffer);
  const message = Buffer.concat(request).subarray(FRAME_HEAD_BYTES);
  let body: Buffer | null = null;
  if (path.endsWith("/GetProviderSchema")) body = schema;
  else if (path.endsWith("/UpgradeResourceState")) body = frame(sameState(message));
  else if (AGREES.test(path)) body = frame(Buffer.alloc(0));
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": body === null ? UNIMPLEMENTED : OK }));
  stream.end(body ?? Buffer.alloc(0));
}

/** Request { type_name 1, version 2, raw_state 3 { json 1 } } → Response { upgraded_state 1 { json 2 } }. */
function sameState(request: Buffer): Buffer {
  const raw = field(request, 3);
  return bytes(1, [bytes(2, [field(raw, 1)])]);
}

/** gRPC's frame: not compressed, length, message. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

// --- The few messages of tfplugin6 that a schema needs; numbers are protobuf field numbers ---

const BLOCK_NESTING = ["invalid", "single", "list", "set", "map", "group"] as const;

function encodeProvider(schema: ProviderSchema): Buffer {
  const entries = (field: number, schemas: Readonly<Record<string, Schema>>): Buffer[] =>
    Object.entries(schemas).map(([name, value]) => bytes(field, [text(1, name), bytes(2, [encodeSchema(value)])]));
  return Buffer.concat([
    bytes(1, [encodeSchema(schema.provider)]),
    ...entries(2, schema.resource_schemas),
    ...entries(3, schema.data_source_schemas),
  ]);
}

function encodeSchema({ version, block }: Schema): Buffer {
  return Buffer.concat([number(1, version), bytes(2, [encodeBlock(block)])]);
}

function encodeBlock({ attributes = {}, block_types = {} }: Block): Buffer {
  const blocks = Object.entries(block_types).map(([name, nested]) =>
    bytes(3, [
      text(1, name),
      bytes(2, [encodeBlock(nested.block)]),
      number(3, nesting(nested.nesting_mode)),
      number(4, nested.min_items ?? 0),
      number(5, nested.max_items ?? 0),
    ]),
  );
  return Buffer.concat([...encodeAttributes(2, attributes), ...blocks]);
}

function encodeAttributes(field: number, attributes: Attributes): Buffer[] {
  return Object.entries(attributes).map(([name, attribute]) =>
    bytes(field, [
      text(1, name),
      attribute.type === undefined ? Buffer.alloc(0) : text(2, JSON.stringify(attribute.type)),
      flag(4, attribute.required),
      flag(5, attribute.optional),
      flag(6, attribute.computed),
      flag(7, attribute.sensitive),
      attribute.nested_type === undefined
        ? Buffer.alloc(0)
        : bytes(10, [
            ...encodeAttributes(1, attribute.nested_type.attributes),
            number(3, nesting(attribute.nested_type.nesting_mode)),
          ]),
      flag(11, attribute.write_only),
    ]),
  );
}

function nesting(mode: string): number {
  const index = BLOCK_NESTING.findIndex((name) => name === mode);
  if (index < 1) throw new TypeError(`a schema has the nesting mode ${mode}`);
  return index;
}

// --- Protobuf's wire format: (field << 3 | type), then a varint (type 0) or length and bytes (type 2) ---

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

function number(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field * 8), varint(value)]);
}

function flag(field: number, value: boolean | undefined): Buffer {
  return number(field, value === true ? 1 : 0);
}

function bytes(field: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, [Buffer.from(value)]);
}

/** The content of the first field of that number that has a length; empty when there is none. */
function field(message: Buffer, wanted: number): Buffer {
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = readVarint(message, at);
    const [value, afterValue] = readVarint(message, afterTag);
    const isBytes = tag % 8 === 2;
    const end = isBytes ? afterValue + value : afterValue;
    if (isBytes && Math.floor(tag / 8) === wanted) return message.subarray(afterValue, end);
    at = end;
  }
  return Buffer.alloc(0);
}

/** @returns the number and where the next thing begins. */
function readVarint(message: Buffer, from: number): [number, number] {
  let value = 0;
  for (let at = from, factor = 1; at < message.length; at += 1, factor *= 128) {
    const byte = message[at] ?? 0;
    value += (byte % 128) * factor;
    if (byte < 128) return [value, at + 1];
  }
  throw new RangeError("a message of terraform ends inside a number");
}
