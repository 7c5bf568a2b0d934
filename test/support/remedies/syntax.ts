import { parseSync } from "vite";

/** A node of the syntax tree, read by name: the scan needs few kinds and must not break on the others. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [member: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string";
}

/** The program of a file. @throws when it cannot be parsed: a file that is passed over would hide what it says. */
export function parse(path: string, text: string): Node {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message ?? ""}`);
  const root: unknown = program;
  if (!isNode(root)) throw new Error(`${path}: the parser gave no program`);
  return root;
}

/** Every node below one, itself first. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) yield* walk(child);
  }
}

export function child(node: Node, member: string): Node | undefined {
  const value = node[member];
  return isNode(value) ? value : undefined;
}

export function children(node: Node, member: string): readonly Node[] {
  const value = node[member];
  return Array.isArray(value) ? (value as unknown[]).filter(isNode) : [];
}

/** The name of an identifier, of a member that is called (`a.b` is `b`), of a key, or of a parameter with its default. */
export function nameOf(node: Node | undefined): string | undefined {
  switch (node?.type) {
    case "Identifier":
    case "PrivateIdentifier":
      return typeof node["name"] === "string" ? node["name"] : undefined;
    case "Literal":
      return typeof node["value"] === "string" ? node["value"] : undefined;
    case "MemberExpression":
      return nameOf(child(node, "property"));
    case "AssignmentPattern":
      return nameOf(child(node, "left"));
    case "TSParameterProperty":
      return nameOf(child(node, "parameter"));
    default:
      return undefined;
  }
}

/** Text as it stands, with `{}` for what is only known at run time. Undefined for what is no text. */
export function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : undefined;
  if (node.type !== "TemplateLiteral") return undefined;
  return children(node, "quasis")
    .map((quasi) => {
      const value: unknown = quasi["value"];
      const cooked: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "cooked") : "";
      return typeof cooked === "string" ? cooked : "";
    })
    .join("{}");
}
