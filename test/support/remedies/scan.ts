import { dirname, join } from "node:path";
import { child, children, nameOf, type Node, parse, textOf, walk } from "./syntax.ts";

/** Paths below the project, with what they hold. */
export type Files = ReadonlyMap<string, string>;

/** A remedy as the code says it, with `{}` for what is only known at run time. */
export interface Said {
  readonly text: string;
  readonly place: string;
}

/** What a person can type or set: a command of ours, a setting of ours, an option. */
const TYPED =
  /(?:third-umpire|rust-just|(?<=[:`] ?)just) [a-z][a-z-]*(?: (?:rebuild|list|show|retry|replace|discard)\b)?|\bTU_[A-Z][A-Z_]*[A-Z]|(?<![\w-])--[a-z][a-z-]+/gu;

/** Commands, settings and options that a text names. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(text.match(TYPED))];
}

/** Help of the command line is no message about a state. */
const HELP = new Set([
  "option",
  "requiredOption",
  "description",
  "argument",
  "addHelpText",
  "summary",
  "usage",
  "Option",
  "command",
  "helpOption",
  "version",
]);

/**
 * Every remedy of the files: what is given as `remedy` (a member, a parameter, a constant or a function of that name), and every
 * other sentence that names a command, a setting or an option of ours. What cannot be read is told under `unread`.
 */
export function remediesIn(files: Files): { readonly said: readonly Said[]; readonly unread: readonly string[] } {
  const modules = new Map([...files].map(([path, text]) => [path, new Module(path, text)] as const));
  const takers = new Map([...modules.values()].flatMap((module) => module.takers()));
  const said: Said[] = [];
  const unread: string[] = [];
  for (const module of modules.values()) {
    const seen = new Set<Node>();
    const tell = (node: Node): void => {
      const texts = new Texts(modules, seen).of(node, module);
      said.push(...texts.said);
      unread.push(...texts.unread);
    };
    for (const node of walk(module.program)) for (const remedy of remediesOf(node, takers)) tell(remedy);
    for (const node of module.sentences()) if (!seen.has(node)) tell(node);
  }
  const first = new Map<string, Said>();
  for (const each of said) if (!first.has(each.text)) first.set(each.text, each);
  return { said: [...first.values()], unread: [...new Set(unread)] };
}

/** More than the name of a command: an application name, say, tells nobody to run it. */
const isSentence = (text: string): boolean =>
  / /u.test(text.trim()) && wordsOf(text).some((word) => word !== text.trim());

const isRemedy = (name: string | undefined): boolean => name !== undefined && /remed/iu.test(name);

/** The expressions that a node gives as a remedy. */
function remediesOf(node: Node, takers: ReadonlyMap<string, number>): readonly Node[] {
  switch (node.type) {
    case "Property":
      return nameOf(child(node, "key")) === "remedy" ? kept(child(node, "value")) : [];
    case "VariableDeclarator":
      return isRemedy(nameOf(child(node, "id"))) ? kept(child(node, "init")) : [];
    case "FunctionDeclaration":
      return isRemedy(nameOf(child(node, "id"))) ? returnsOf(node) : [];
    case "CallExpression":
    case "NewExpression": {
      const at = takers.get(nameOf(child(node, "callee")) ?? "");
      return at === undefined ? [] : kept(children(node, "arguments")[at]);
    }
    default:
      return [];
  }
}

function kept(node: Node | undefined): readonly Node[] {
  return node === undefined ? [] : [node];
}

function returnsOf(callable: Node): readonly Node[] {
  const body = child(callable, "body");
  if (body === undefined) return [];
  if (body.type !== "BlockStatement") return [body];
  return [...walk(body)]
    .filter((node) => node.type === "ReturnStatement")
    .flatMap((node) => kept(child(node, "argument")));
}

class Module {
  readonly path: string;
  readonly program: Node;
  readonly #text: string;
  readonly #declarations = new Map<string, Node>();
  constructor(path: string, text: string) {
    this.path = path;
    this.#text = text;
    this.program = parse(path, text);
    for (const node of walk(this.program)) {
      const name = nameOf(child(node, "id")) ?? "";
      const value = node.type === "VariableDeclarator" ? child(node, "init") : node;
      const isNamed = node.type === "VariableDeclarator" || node.type === "FunctionDeclaration";
      if (isNamed && value !== undefined && !this.#declarations.has(name)) this.#declarations.set(name, value);
    }
  }

  place(node: Node): string {
    return `${this.path}:${this.#text.slice(0, node.start).split("\n").length}`;
  }

  /** Functions, classes and function types with a parameter `remedy` (or a name like it), and which one it is. */
  takers(): readonly (readonly [string, number])[] {
    return [...walk(this.program)].flatMap((node) => {
      const named = takerOf(node);
      const at = children(named?.callable ?? node, "params").findIndex((param) =>
        /^(?:remedy|denied)$/u.test(nameOf(param) ?? ""),
      );
      return named === undefined || at < 0 ? [] : [[named.name, at] as const];
    });
  }

  /** What a name stands for in this file: the initial value of a constant, or a function. */
  declared(name: string): Node | undefined {
    return this.#declarations.get(name);
  }

  /** The file that a name is imported from. */
  importedFrom(name: string): string | undefined {
    for (const node of children(this.program, "body")) {
      if (node.type !== "ImportDeclaration") continue;
      if (children(node, "specifiers").some((each) => nameOf(child(each, "local")) === name))
        return join(dirname(this.path), nameOf(child(node, "source")) ?? "");
    }
    return undefined;
  }

  /** Sentences with a word that a person can type. */
  sentences(): readonly Node[] {
    const help = new Set<Node>();
    const found: Node[] = [];
    for (const node of walk(this.program)) {
      if (help.has(node)) continue;
      if (node.type === "CallExpression" || node.type === "NewExpression") {
        if (HELP.has(nameOf(child(node, "callee")) ?? ""))
          for (const argument of children(node, "arguments")) for (const each of walk(argument)) help.add(each);
      }
      const text = textOf(node);
      if (text !== undefined && isSentence(text)) found.push(node);
    }
    return found;
  }
}

function takerOf(node: Node): { readonly name: string; readonly callable: Node } | undefined {
  const name = nameOf(child(node, "id"));
  if (node.type === "FunctionDeclaration" && name !== undefined) return { name, callable: node };
  if (node.type === "VariableDeclarator" && name !== undefined) {
    const callable = child(node, "init");
    return callable?.type === "ArrowFunctionExpression" ? { name, callable } : undefined;
  }
  if (node.type === "TSTypeAliasDeclaration" && name !== undefined) {
    const callable = child(node, "typeAnnotation");
    if (callable?.type !== "TSFunctionType") return undefined;
    return { name: name.charAt(0).toLowerCase() + name.slice(1), callable };
  }
  if (node.type !== "ClassDeclaration" || name === undefined) return undefined;
  const members = children(child(node, "body") ?? node, "body");
  const constructor = members.find((member) => nameOf(child(member, "key")) === "constructor");
  const callable = constructor === undefined ? undefined : child(constructor, "value");
  return callable === undefined ? undefined : { name, callable };
}

/** What an expression can say. */
class Texts {
  readonly said: Said[] = [];
  readonly unread: string[] = [];
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #seen: Set<Node>;
  constructor(modules: ReadonlyMap<string, Module>, seen: Set<Node>) {
    this.#modules = modules;
    this.#seen = seen;
  }

  of(node: Node, module: Module): this {
    this.#read(node, module);
    return this;
  }

  #read(node: Node, module: Module): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    switch (node.type) {
      case "Literal":
      case "TemplateLiteral":
        return this.#text(node, module);
      case "ConditionalExpression":
        return this.#all([child(node, "consequent"), child(node, "alternate")], module);
      case "LogicalExpression":
        return this.#all([child(node, "left"), child(node, "right")], module);
      case "ObjectExpression":
        return this.#all(
          children(node, "properties").map((each) => child(each, "value")),
          module,
        );
      case "NewExpression":
      case "ArrayExpression":
        return this.#all([...children(node, "arguments"), ...children(node, "elements")], module);
      case "AwaitExpression":
      case "ChainExpression":
      case "SpreadElement":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "ParenthesizedExpression":
        return this.#all([child(node, "argument"), child(node, "expression")], module);
      case "ArrowFunctionExpression":
      case "FunctionDeclaration":
        return this.#all(returnsOf(node), module);
      case "Identifier":
        return this.#name(node, module);
      case "CallExpression":
        return this.#call(node, module);
      // Numbers that a table goes by.
      case "UnaryExpression":
        return;
      // A member that holds a remedy was given one elsewhere, and is found there.
      case "MemberExpression":
        return;
      default:
        this.unread.push(`${module.place(node)}: a remedy is given as ${node.type}`);
    }
  }

  #all(nodes: readonly (Node | undefined)[], module: Module): void {
    for (const node of nodes) if (node !== undefined) this.#read(node, module);
  }

  #text(node: Node, module: Module): void {
    const text = textOf(node);
    if (text === undefined || !/ /u.test(text.trim())) return;
    this.said.push({ text: this.#filled(node, text, module), place: module.place(node) });
  }

  /** Constants within a template stand for themselves. */
  #filled(node: Node, text: string, module: Module): string {
    const values = children(node, "expressions").map((each) => {
      const value = each.type === "Identifier" ? module.declared(nameOf(each) ?? "") : undefined;
      return value === undefined ? undefined : textOf(value);
    });
    let at = 0;
    return node.type === "Literal" ? text : text.replace(/\{\}/gu, () => values[at++] ?? "{}");
  }

  #name(node: Node, module: Module): void {
    const name = nameOf(node) ?? "";
    const declared = module.declared(name);
    if (declared !== undefined) return this.#read(declared, module);
    const from = module.importedFrom(name);
    const other = from === undefined ? undefined : this.#modules.get(from);
    const there = other?.declared(name);
    // A parameter was given its value by a caller, and is found there.
    if (other !== undefined && there !== undefined) this.#read(there, other);
  }

  #call(node: Node, module: Module): void {
    const callee = child(node, "callee");
    this.#all(
      children(node, "arguments").filter((each) => each.type !== "Identifier" && each.type !== "MemberExpression"),
      module,
    );
    if (callee?.type === "Identifier") this.#name(callee, module);
  }
}
