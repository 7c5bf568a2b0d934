import { type By, type Entry, textsOf } from "./register.ts";
import { type Files, remediesIn, wordsOf } from "./scan.ts";
import { child, children, nameOf, type Node, parse, textOf } from "./syntax.ts";

/** What the gate compares. */
export interface Gate {
  /** Code that tells remedies. */
  readonly code: Files;
  /** Tests that run them. */
  readonly tests: Files;
  readonly register: readonly Entry[];
  readonly untested: number;
  /** The page with what cannot be tried. */
  readonly page: string;
}

const PAGE_HEADING = "Remedies that no test runs";
const PAGE_HEAD = "| remedy | why |";
const HOW = "CONTRIBUTING.md, “Remedies are run”, says how";

/** Everything that is wrong between the remedies of the code, the register and the tests. Empty is well. */
export function complaints(gate: Gate): readonly string[] {
  return [...textComplaints(gate), ...proofComplaints(gate), ...countComplaints(gate), ...pageComplaints(gate)];
}

/** Code and register hold the same texts. */
function textComplaints({ code, register }: Gate): string[] {
  const { said, unread } = remediesIn(code);
  const texts = new Set(said.map(({ text }) => text));
  const known = register.flatMap(textsOf);
  const ids = register.map(({ id }) => id);
  const twice = (list: readonly string[]): string[] => list.filter((each, i) => list.indexOf(each) !== i);
  return [
    ...unread.map((each) => `${each}, which the gate cannot read: give it as text`),
    ...said
      .filter(({ text }) => !known.includes(text))
      .map(({ place, text }) => `${place} tells a remedy that is not in test/support/remedies/ (${HOW}): ${text}`),
    ...known
      .filter((text) => !texts.has(text))
      .map((text) => `no code says this any more, take it out of the register: ${text}`),
    ...twice(known).map((text) => `it is registered twice: ${text}`),
    ...twice(ids).map((id) => `two remedies have the id ${id}`),
  ];
}

/** A call of `remedyWorks`, with the title of the test around it. */
interface Call {
  readonly file: string;
  readonly title: string;
  readonly id: string;
  readonly does: readonly string[];
}

/** Tested entries name tests that run them, and no test runs another. */
function proofComplaints({ tests, register }: Gate): string[] {
  const calls = [...tests]
    .filter(([, text]) => text.includes("remedyWorks("))
    .flatMap(([path, text]) => callsIn(path, text));
  const same = (call: Call, [file, title]: By): boolean => call.file === file && call.title === title;
  const registered = (call: Call): boolean =>
    register.some((entry) => entry.id === call.id && "by" in entry && entry.by.some((by) => same(call, by)));
  return [
    ...register.flatMap((entry) => {
      const own = calls.filter(({ id }) => id === entry.id);
      if (!("by" in entry)) return [];
      return [
        ...(entry.by.length === 0 ? [`${entry.id} names no test`] : []),
        ...entry.by
          .filter((by) => !own.some((call) => same(call, by)))
          .map(
            ([file, title]) => `${entry.id}: ${file} has no test “${title}” that calls remedyWorks("${entry.id}", …)`,
          ),
        ...undone(entry, own).map((word) => `${entry.id}: no test does what it says with ${word}`),
      ];
    }),
    ...calls
      .filter((call) => !registered(call))
      .map(({ file, title, id }) => `${file}, “${title}”, runs the remedy ${id}: name the test in its entry (\`by\`)`),
  ];
}

/** Commands, settings and options of a remedy that none of its tests does. */
function undone(
  entry: Entry & { readonly except?: Readonly<Record<string, string>> },
  calls: readonly Call[],
): string[] {
  const done = calls.flatMap(({ does }) => does);
  return [...new Set(textsOf(entry).flatMap(wordsOf))].filter(
    (word) => entry.except?.[word] === undefined && !done.some((words) => words.includes(word)),
  );
}

function callsIn(path: string, text: string): Call[] {
  const calls: Call[] = [];
  const visit = (node: Node, title: string | undefined): void => {
    const args = node.type === "CallExpression" ? children(node, "arguments") : [];
    const first = args[0] === undefined ? undefined : textOf(args[0]);
    if (first !== undefined && nameOf(child(node, "callee")) === "remedyWorks") {
      if (title === undefined) throw new Error(`${path}: remedyWorks("${first}") stands in no test`);
      calls.push({ file: path, title, id: first, does: keysOf(args[1]) });
    }
    const isTest = first !== undefined && args.slice(1).some((each) => /Function/u.test(each.type));
    const within = isTest ? first : title;
    for (const value of Object.values(node))
      for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) if (isTree(each)) visit(each, within);
  };
  visit(parse(path, text), undefined);
  return calls;
}

function isTree(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** The keys of the member `does`. */
function keysOf(run: Node | undefined): readonly string[] {
  if (run === undefined) return [];
  const does = children(run, "properties").find((each) => nameOf(child(each, "key")) === "does");
  const object = does === undefined ? undefined : child(does, "value");
  if (object === undefined) return [];
  return children(object, "properties").flatMap((each) => {
    const key = child(each, "key");
    const name = key === undefined ? undefined : (nameOf(key) ?? textOf(key));
    return name === undefined ? [] : [name];
  });
}

/** The list of what is untested only gets shorter. */
function countComplaints({ register, untested }: Gate): string[] {
  const count = register.filter((entry) => "untested" in entry).length;
  if (count > untested) return [`${count} remedies are untested, and ${untested} may be: write the test (${HOW})`];
  return count < untested ? [`only ${count} remedies are untested by now: lower UNTESTED from ${untested}`] : [];
}

/** The page tells what cannot be tried, with the reason, and nothing else. */
function pageComplaints({ register, page }: Gate): string[] {
  const rows = register.flatMap(untriedOf);
  const section = page.split(/^#+ /mu).find((each) => each.startsWith(PAGE_HEADING)) ?? "";
  const there = section.split("\n").filter((line) => line.startsWith("| "));
  return [
    ...rows
      .filter((row) => !there.includes(row))
      .map((row) => `“${PAGE_HEADING}” of docs/RELIABILITY.md lacks: ${row}`),
    ...there
      .filter((row) => row !== PAGE_HEAD && !rows.includes(row))
      .map((row) => `“${PAGE_HEADING}” of docs/RELIABILITY.md tells what the register does not: ${row}`),
  ];
}

/** Rows of the table of what cannot be tried. */
export function untriedOf(entry: Entry): readonly string[] {
  const row = (what: string, why: string): string =>
    `| ${what.replaceAll("{}", "…").replaceAll("|", "\\|")} | ${why} |`;
  if ("cannot" in entry) return textsOf(entry).map((text) => row(text, entry.cannot));
  if (!("by" in entry) || entry.except === undefined) return [];
  return Object.entries(entry.except).map(([word, why]) => row(`${textsOf(entry)[0] ?? ""}: \`${word}\``, why));
}
