/** YAML with every scalar as the text it is, and in the style it was written in: 4.10 is not 4.1, '64495506' no number. */
import type { Document, Event, MappingNode, Node, ScalarNode } from "js-yaml";
import {
  COLLECTION_STYLE,
  FAILSAFE_SCHEMA,
  SCALAR_STYLE,
  YAMLException,
  constructFromEvents,
  eventsToAst,
  parseEvents,
  present,
} from "js-yaml";
import { UnreadableFile } from "./whole-file.ts";

/** Cricsheet's files nest ten deep. */
const MAX_DEPTH = 64;
/** The largest of Cricsheet's files makes 54,000. What is made of them takes up to 500 bytes for each. */
const MAX_EVENTS = 250_000;
/** Cricsheet's files have none; a writer that finds the same list twice makes one. */
const MAX_ALIASES = 1000;

/**
 * Parses one document and puts what they stand for in the place of its aliases.
 * @param maxChars what the document may come to that way
 * @throws UnreadableFile with the line, for what is no YAML, names a key twice, nests too deep or grows too large
 */
export function parseYamlText(text: string, maxChars: number): Node {
  const events = attempt(() => parseEvents(text, { maxDepth: MAX_DEPTH }));
  if (events.length > MAX_EVENTS)
    throw new UnreadableFile(`${events.length} values and brackets in one file, over the limit of ${MAX_EVENTS}`);
  const [document, another] = documentsOf(text, events);
  if (document?.contents === undefined || document.contents === null) throw new UnreadableFile("the file is empty");
  if (another !== undefined) throw new UnreadableFile("more than one YAML document in the file");
  const anchored = events.some((event) => "anchorStart" in event && event.anchorStart >= 0);
  return anchored ? new Expansion(maxChars).of(document.contents).node : document.contents;
}

function documentsOf(source: string, events: Event[]): Document[] {
  return attempt(() => {
    // The values themselves are not needed, but their construction finds duplicate keys, unknown tags and aliases of nothing.
    constructFromEvents(events, { source, schema: FAILSAFE_SCHEMA, maxAliases: MAX_ALIASES });
    return eventsToAst(events, { source, schema: FAILSAFE_SCHEMA });
  });
}

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // Whatever the parser throws: a text that breaks it is no file of ours.
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const line = error instanceof YAMLException && error.mark !== undefined ? error.mark.line + 1 : 0;
    throw new UnreadableFile(`not YAML: ${reason.slice(0, 200)}`, line);
  }
}

interface Sized {
  readonly node: Node;
  /** Characters of its scalars, and one for each node. */
  readonly chars: number;
  readonly depth: number;
}

/** Takes anchors out. Expanded nodes are shared, so memory stays that of the file; `chars` is what they would print as. */
class Expansion {
  readonly #maxChars: number;
  readonly #anchors = new Map<string, Sized>();

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  of(node: Node): Sized {
    if (node.kind === "alias") {
      const target = this.#anchors.get(node.anchor);
      if (target === undefined) throw new UnreadableFile(`the alias *${node.anchor.slice(0, 60)} stands within itself`);
      return target;
    }
    const { anchor, ...plain } = node;
    const sized = this.#checked(this.#inner(plain as Exclude<Node, { kind: "alias" }>));
    if (anchor !== undefined) this.#anchors.set(anchor, sized);
    return sized;
  }

  #inner(node: Exclude<Node, { kind: "alias" }>): Sized {
    if (node.kind === "scalar") return { node, chars: node.value.length + 1, depth: 1 };
    let chars = 1;
    let depth = 0;
    const visit = (child: Node): Node => {
      const sized = this.of(child);
      chars += sized.chars;
      depth = Math.max(depth, sized.depth);
      return sized.node;
    };
    const expanded: Node =
      node.kind === "sequence"
        ? { ...node, items: node.items.map(visit) }
        : { ...node, items: node.items.map(({ key, value }) => ({ key: visit(key), value: visit(value) })) };
    return { node: expanded, chars, depth: depth + 1 };
  }

  #checked(sized: Sized): Sized {
    if (sized.chars > this.#maxChars)
      throw new UnreadableFile(`its aliases make more than ${this.#maxChars} characters of it`);
    if (sized.depth > MAX_DEPTH) throw new UnreadableFile(`its aliases nest more than ${MAX_DEPTH} levels deep`);
    return sized;
  }
}

const STRING = "tag:yaml.org,2002:str";
const MAP = "tag:yaml.org,2002:map";

/** A scalar of our own; quoted when somebody might take it for a number. */
export function scalar(value: string, style: "plain" | "quoted" = "quoted"): ScalarNode {
  const chosen = style === "plain" ? SCALAR_STYLE.PLAIN : SCALAR_STYLE.DOUBLE_QUOTED;
  return { kind: "scalar", tag: STRING, tagged: false, style: chosen, value };
}

export function mapping(fields: Readonly<Record<string, Node>>): MappingNode {
  const items = Object.entries(fields).map(([key, value]) => ({ key: scalar(key, "plain"), value }));
  return { kind: "mapping", tag: MAP, tagged: false, style: COLLECTION_STYLE.BLOCK, items };
}

/** One YAML document. Read as text (failsafe), each scalar is what it was. */
export function printYaml(contents: Node): string {
  return present([{ contents, directives: [] }], { schema: FAILSAFE_SCHEMA, seqNoIndent: true, lineWidth: -1 });
}

/** The value of a key; undefined where there is none, or where the node is no mapping. */
export function valueOf(node: Node | undefined, key: string): Node | undefined {
  if (node?.kind !== "mapping") return undefined;
  return node.items.find((item) => item.key.kind === "scalar" && item.key.value === key)?.value;
}

export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" ? node.value : undefined;
}

/** The same mapping with other values for some keys; a key for which there is no value is taken out. */
export function withValues(node: MappingNode, values: Readonly<Record<string, Node | undefined>>): MappingNode {
  const items = node.items.flatMap((item) => {
    const key = textOf(item.key);
    if (key === undefined || !Object.hasOwn(values, key)) return [item];
    const value = values[key];
    return value === undefined ? [] : [{ key: item.key, value }];
  });
  return { ...node, items };
}
