import { PoisonError } from "../errors.ts";
import { quoted, textProblem, wholeNumber } from "./fields.ts";
import { cleanName, cleanText } from "./names.ts";

/**
 * How the values of a document are typed: JSON has numbers and booleans, YAML as we read it has texts only. Neither is
 * taken for the other: a document with a number in quotes was not written by Cricsheet.
 */
export type Typing = "json" | "text";

/** No list in a match is longer: the squads of both sides, with everybody on the register, are under a hundred names. */
const ITEMS_MAX = 1_000;

/**
 * A value of a document that somebody else wrote, and the way to it, so that a reason can say where it stands:
 * `delivery.wickets[0].kind`. null and absent are the same, as they are in a database.
 */
export class DocumentValue {
  readonly #value: unknown;
  readonly #typing: Typing;
  readonly #name: string;
  readonly #parent: DocumentValue | null;

  constructor(value: unknown, typing: Typing, name: string, parent: DocumentValue | null = null) {
    this.#value = value;
    this.#typing = typing;
    this.#name = name;
    this.#parent = parent;
  }

  /** As a reason shows it. Built when there is one: most documents are good. */
  get path(): string {
    const parent = this.#parent?.path ?? "";
    if (parent === "" || this.#name.startsWith("[")) return parent + this.#name;
    return `${parent}.${this.#name}`;
  }

  /** A member of this object, or null when it is absent or null. */
  get(name: string): DocumentValue | null {
    const object = this.#object();
    // A member named "constructor" must not be found on the prototype.
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    return value === undefined || value === null ? null : this.#child(value, name);
  }

  /** A member that has to be there. */
  need(name: string): DocumentValue {
    const value = this.get(name);
    if (value === null) throw new PoisonError(`${this.#child(null, name).path} is missing`);
    return value;
  }

  /** All members of this object, in its order. */
  members(): readonly (readonly [name: string, value: DocumentValue])[] {
    const entries = Object.entries(this.#object());
    if (entries.length > ITEMS_MAX) throw new PoisonError(`${this.path} has ${entries.length} members`);
    return entries.map(([name, value]) => [name, this.#child(value, name)] as const);
  }

  items(): readonly DocumentValue[] {
    const list = this.#value;
    if (!Array.isArray(list)) throw new PoisonError(`${this.path} is ${shown(list)}; expected a list`);
    if (list.length > ITEMS_MAX) throw new PoisonError(`${this.path} has ${list.length} items`);
    // Not map: it skips what a list only has as a hole.
    return Array.from(list, (value: unknown, index) => this.#child(value, `[${index}]`));
  }

  isText(): boolean {
    return typeof this.#value === "string";
  }

  isList(): boolean {
    return Array.isArray(this.#value);
  }

  isObject(): boolean {
    return typeof this.#value === "object" && this.#value !== null && !Array.isArray(this.#value);
  }

  /** A text that says something. */
  text(): string {
    const value = this.#value;
    if (typeof value !== "string") throw new PoisonError(`${this.path} is ${shown(value)}; expected text`);
    const problem = textProblem(value);
    if (problem !== undefined) throw new PoisonError(`${this.path} ${problem}`);
    if (value.trim() === "") throw new PoisonError(`${this.path} is empty`);
    return value;
  }

  /** The name of a person or a team, in its one form. */
  name(): string {
    const name = cleanName(this.text());
    if (name === "") throw new PoisonError(`${this.path} is empty`);
    return name;
  }

  /** A text for people, clean; null when it is empty: "city:" without a city. */
  textOrNull(): string | null {
    return this.#value === "" ? null : cleanText(this.text()) || null;
  }

  /** A whole number from 0 to `max`. */
  whole(max: number): number {
    const value = this.#value;
    if (this.#typing === "text") return wholeNumber(this.text(), this.path, max);
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw new PoisonError(`${this.path} is ${shown(value)}; expected a whole number`);
    }
    return wholeNumber(String(value), this.path, max);
  }

  /** A number or a text, as text: a season is 2021 in one file and "2020/21" in the next. */
  label(): string {
    return this.#typing === "json" && typeof this.#value === "number" ? String(this.#value) : this.text();
  }

  flag(): boolean {
    if (this.#typing === "json") {
      if (typeof this.#value === "boolean") return this.#value;
      throw new PoisonError(`${this.path} is ${shown(this.#value)}; expected true or false`);
    }
    const text = this.text();
    if (/^(?:yes|true|1)$/iu.test(text)) return true;
    if (/^(?:no|false|0)$/iu.test(text)) return false;
    throw new PoisonError(`${this.path} is ${quoted(text)}; expected yes or no`);
  }

  /** A member as it is, when it is a text or a number; for reasons, where nothing may throw. */
  plain(name: string): string | null {
    if (!this.isObject() || !Object.hasOwn(this.#object(), name)) return null;
    const value = this.#object()[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : null;
  }

  #object(): Readonly<Record<string, unknown>> {
    if (this.isObject()) return this.#value as Readonly<Record<string, unknown>>;
    if (this.#value === "") throw new PoisonError(`${this.path} is empty`);
    throw new PoisonError(`${this.path} is ${shown(this.#value)}; expected an object`);
  }

  #child(value: unknown, name: string): DocumentValue {
    return new DocumentValue(value, this.#typing, name, this);
  }
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

/**
 * Where a document stands, for the front of a reason: "match 1485939, innings 2, ball 19.4: ", as far as it tells.
 * @param names word → member.
 */
export function placeOf(root: DocumentValue, names: Readonly<Record<string, string>>): string {
  const parts = Object.entries(names).flatMap(([word, name]) => {
    const text = root.plain(name);
    return text !== null && /^[\w.-]{1,64}$/u.test(text) ? [`${word} ${text}`] : [];
  });
  return parts.length > 0 ? `${parts.join(", ")}: ` : "";
}
