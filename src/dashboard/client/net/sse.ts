/** One server-sent event, as it came. */
export interface RawEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
}

/**
 * Reads a stream of server-sent events (WHATWG HTML, section 9.2.6) piece by piece: text in, whole events out. A piece
 * may end anywhere, also between the two characters of a line's end.
 */
export class EventParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  /** The events that this piece completes. */
  push(text: string): RawEvent[] {
    const whole = this.#rest + text;
    // A return at the very end may be half of a line's end.
    const end = whole.endsWith("\r") ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\n|\r/u);
    this.#rest = (lines.pop() ?? "") + whole.slice(end);
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): RawEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // a comment, which keeps the connection open
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /u, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch(): RawEvent | null {
    const [event, data] = [this.#event, this.#data];
    this.#event = "";
    this.#data = [];
    return data.length === 0 ? null : { event: event === "" ? "message" : event, data: data.join("\n"), id: this.#id };
  }
}
