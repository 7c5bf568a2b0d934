import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { Ajv, type ValidateFunction } from "ajv";
import { packageFile } from "../../src/local/paths.ts";

/** Where the document stands; its references are relative to it. */
export const DOCUMENT: string = packageFile("asyncapi.yaml");
export const documentText: string = readFileSync(DOCUMENT, "utf8");

interface Message {
  readonly name: string;
  readonly contentType: string;
  readonly headers?: object;
  readonly payload: object;
}

interface Channel {
  readonly address: string;
  readonly messages: Readonly<Record<string, Message>>;
  readonly bindings: {
    readonly kafka: { readonly partitions: number; readonly topicConfiguration: Readonly<Record<string, unknown>> };
  };
}

interface Operation {
  readonly action: "send" | "receive";
  readonly channel: Channel;
}

/** The document with all references resolved, as far as the tests look at it. */
export interface Contract {
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
}

export interface Parsed {
  readonly contract: Contract | undefined;
  /** What the parser says is wrong. Newer versions of AsyncAPI are no fault. */
  readonly problems: readonly string[];
  /** References that would have gone over the network. */
  readonly remote: readonly string[];
}

/** Parses the document, or a changed one in its place. Nothing is fetched: only files are read. */
export async function parseContract(text: string = documentText): Promise<Parsed> {
  const remote: string[] = [];
  const refuse = (
    schema: string,
  ): { schema: string; order: number; read: (uri: { toString(): string }) => string } => ({
    schema,
    order: 1,
    read: (uri) => {
      remote.push(uri.toString());
      return "{}";
    },
  });
  const parser = new Parser({
    __unstable: { resolver: { cache: false, resolvers: [refuse("http"), refuse("https")] } },
  });
  const { document, diagnostics } = await parser.parse(text, { source: DOCUMENT });
  return {
    contract: document?.json() as Contract | undefined,
    problems: diagnostics
      .filter(({ code }) => code !== "asyncapi-latest-version")
      .map(({ path, message }) => `${path.join(".")}: ${message}`),
    remote,
  };
}

/** The document as it is. */
export async function theContract(): Promise<Contract> {
  const { contract, problems } = await parseContract();
  if (contract === undefined) throw new Error(`asyncapi.yaml cannot be read:\n${problems.join("\n")}`);
  return contract;
}

export function channelOf(contract: Contract, topic: string): Channel {
  const channel = Object.values(contract.channels).find(({ address }) => address === topic);
  if (channel === undefined) throw new Error(`asyncapi.yaml has no channel ${topic}`);
  return channel;
}

const ajv = new Ajv({ strict: false, formats: { binary: true } });
const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong with a value by a schema of the document, or nothing. */
export function problemsOf(schema: object, value: unknown): readonly string[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}
