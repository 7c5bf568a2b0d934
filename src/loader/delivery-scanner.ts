import type { Wicket } from "../domain/cricket/types.ts";
import { BALL_MAX, type DeliveryFields, NO_WICKETS, NONE, OVER_MAX } from "./delivery-fields.ts";
import { HASH_BASIS, HASH_PRIME, type SharedTexts } from "./shared-texts.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const DIGIT_0 = 0x30;
const LETTER_N = 0x6e;
const INT_MAX = 0x7fff_ffff;
/** Digits of a number that a double holds exactly. */
const DIGITS_MAX = 15;

/** What stands between the values of a clean delivery, as `JSON.stringify` writes it. */
const BETWEEN = {
  eventId: utf8('{"eventId":'),
  verdict: utf8(',"verdict":'),
  accepted: utf8('"accepted"'),
  correction: utf8('"correction"'),
  duplicate: utf8('"duplicate"'),
  supersedes: utf8(',"supersedes":'),
  topic: utf8(',"source":{"topic":'),
  partition: utf8(',"partition":'),
  offset: utf8(',"offset":'),
  id: utf8(',"id":'),
  time: utf8(',"time":'),
  matchId: utf8('},"delivery":{"matchId":'),
  innings: utf8(',"innings":'),
  over: utf8(',"over":'),
  ball: utf8(',"ball":'),
  battingTeam: utf8(',"battingTeam":'),
  batter: utf8(',"batter":'),
  nonStriker: utf8(',"nonStriker":'),
  bowler: utf8(',"bowler":'),
  runsBatter: utf8(',"runs":{"batter":'),
  runsExtras: utf8(',"extras":'),
  runsTotal: utf8(',"total":'),
  extras: utf8('},"extras":'),
  wides: utf8('{"wides":'),
  noballs: utf8(',"noballs":'),
  byes: utf8(',"byes":'),
  legbyes: utf8(',"legbyes":'),
  penalty: utf8(',"penalty":'),
  extrasEnd: utf8("}"),
  nonBoundary: utf8(',"nonBoundary":'),
  wickets: utf8(',"wickets":['),
  noWickets: utf8("]}}"),
  null: utf8("null"),
  true: utf8("true"),
  false: utf8("false"),
} as const;
const END_BYTES = 2;

/**
 * Reads a clean delivery out of its bytes, without making an object of it: only in the form in which the processor writes it, keys in
 * their order and nothing between. Whatever looks different, it declines, right or wrong: `decodeDelivery` says which. So it may
 * know less JSON than there is, but must never read anything otherwise; a property test holds the two together.
 */
export class DeliveryScanner {
  readonly #names: SharedTexts;
  readonly #accepted: number;
  readonly #correction: number;
  readonly #duplicate: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #declined = false;

  constructor(names: SharedTexts) {
    this.#names = names;
    this.#accepted = names.idOf("accepted");
    this.#correction = names.idOf("correction");
    this.#duplicate = names.idOf("duplicate");
  }

  /** False when it declines; the fields are then of no use. */
  scan(bytes: Buffer, fields: DeliveryFields): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    this.#declined = false;
    this.#provenance(fields);
    if (this.#declined) return false;
    this.#delivery(fields);
    return !this.#declined;
  }

  #provenance(fields: DeliveryFields): void {
    this.#expect(BETWEEN.eventId);
    this.#hex(fields.eventId);
    this.#expect(BETWEEN.verdict);
    fields.verdict = this.#verdict();
    this.#expect(BETWEEN.supersedes);
    fields.hasSupersedes = !this.#isNull();
    if (fields.hasSupersedes) this.#hex(fields.supersedes);
    this.#expect(BETWEEN.topic);
    fields.sourceTopic = this.#name();
    this.#expect(BETWEEN.partition);
    fields.sourcePartition = this.#integer(INT_MAX);
    this.#expect(BETWEEN.offset);
    fields.sourceOffset = this.#integer(Number.MAX_SAFE_INTEGER);
    this.#expect(BETWEEN.id);
    fields.sourceId = this.#isNull() ? null : this.#text();
    this.#expect(BETWEEN.time);
    fields.sourceTime = this.#integer(Number.MAX_SAFE_INTEGER);
  }

  #delivery(fields: DeliveryFields): void {
    this.#expect(BETWEEN.matchId);
    fields.matchId = this.#name();
    this.#expect(BETWEEN.innings);
    fields.innings = this.#integer(INT_MAX);
    this.#expect(BETWEEN.over);
    fields.over = this.#integer(OVER_MAX);
    this.#expect(BETWEEN.ball);
    fields.ball = this.#integer(BALL_MAX);
    this.#expect(BETWEEN.battingTeam);
    fields.battingTeam = this.#name();
    this.#expect(BETWEEN.batter);
    fields.batter = this.#name();
    this.#expect(BETWEEN.nonStriker);
    fields.nonStriker = this.#name();
    this.#expect(BETWEEN.bowler);
    fields.bowler = this.#name();
    this.#expect(BETWEEN.runsBatter);
    fields.runsBatter = this.#integer(INT_MAX);
    this.#expect(BETWEEN.runsExtras);
    fields.runsExtras = this.#integer(INT_MAX);
    this.#expect(BETWEEN.runsTotal);
    fields.runsTotal = this.#integer(INT_MAX);
    this.#expect(BETWEEN.extras);
    this.#extras(fields);
    this.#expect(BETWEEN.nonBoundary);
    fields.nonBoundary = this.#flag();
    this.#expect(BETWEEN.wickets);
    fields.wickets = this.#wickets();
    fields.mayHaveMoreWickets = false;
  }

  #extras(fields: DeliveryFields): void {
    if (this.#isNull()) {
      fields.wides = fields.noballs = fields.byes = fields.legbyes = fields.penalty = NONE;
      return;
    }
    this.#expect(BETWEEN.wides);
    fields.wides = this.#integer(INT_MAX);
    this.#expect(BETWEEN.noballs);
    fields.noballs = this.#integer(INT_MAX);
    this.#expect(BETWEEN.byes);
    fields.byes = this.#integer(INT_MAX);
    this.#expect(BETWEEN.legbyes);
    fields.legbyes = this.#integer(INT_MAX);
    this.#expect(BETWEEN.penalty);
    fields.penalty = this.#integer(INT_MAX);
    this.#expect(BETWEEN.extrasEnd);
  }

  #verdict(): number {
    if (this.#passes(BETWEEN.accepted)) return this.#accepted;
    if (this.#passes(BETWEEN.correction)) return this.#correction;
    this.#expect(BETWEEN.duplicate);
    return this.#duplicate;
  }

  #flag(): number {
    if (this.#passes(BETWEEN.false)) return 0;
    if (this.#passes(BETWEEN.true)) return 1;
    this.#expect(BETWEEN.null);
    return NONE;
  }

  /** The end of the record too. */
  #wickets(): readonly Wicket[] {
    if (this.#declined) return NO_WICKETS;
    if (this.#passes(BETWEEN.noWickets)) {
      if (this.#at !== this.#bytes.length) this.#declined = true;
      return NO_WICKETS;
    }
    // Few have any. They stand last: what is before the two closing brackets is an array, or nothing we know.
    try {
      const end = this.#bytes.length - END_BYTES;
      if (this.#bytes.toString("latin1", end) === "}}") {
        return JSON.parse(this.#bytes.toString("utf8", this.#at - 1, end)) as Wicket[];
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    this.#declined = true;
    return NO_WICKETS;
  }

  #expect(literal: Uint8Array): void {
    if (!this.#passes(literal)) this.#declined = true;
  }

  /** Moves over these bytes if they stand here. */
  #passes(literal: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + literal.length > bytes.length) return false;
    for (let n = 0; n < literal.length; n++) if (bytes[at + n] !== literal[n]) return false;
    this.#at = at + literal.length;
    return true;
  }

  #isNull(): boolean {
    return this.#bytes[this.#at] === LETTER_N && this.#passes(BETWEEN.null);
  }

  /** A whole number without sign, exponent or leading zero. */
  #integer(most: number): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    let value = 0;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - from;
    if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[from] === DIGIT_0) || value > most) {
      this.#declined = true;
      return 0;
    }
    this.#at = at;
    return value;
  }

  /** A text that many records have. */
  #name(): number {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    let hash = HASH_BASIS;
    let at = from;
    if (bytes[at - 1] === QUOTE) {
      for (; at < bytes.length; at++) {
        const byte = bytes[at]!;
        if (byte === QUOTE) {
          this.#at = at + 1;
          return this.#names.idOfBytes(bytes, from, at, hash);
        }
        if (byte === BACKSLASH || byte < SPACE) break;
        hash = Math.imul(hash ^ byte, HASH_PRIME);
      }
    }
    this.#declined = true;
    return 0;
  }

  /** A text that no other record has, as a rule. */
  #text(): string {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    if (bytes[from - 1] === QUOTE) {
      for (let at = from; at < bytes.length; at++) {
        const byte = bytes[at]!;
        if (byte === QUOTE) {
          this.#at = at + 1;
          return bytes.toString("utf8", from, at);
        }
        if (byte === BACKSLASH || byte < SPACE) break;
      }
    }
    this.#declined = true;
    return "";
  }

  /** 128 bits as 32 lower-case digits. */
  #hex(words: Int32Array): void {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at + 34 > bytes.length || bytes[at] !== QUOTE || bytes[at + 33] !== QUOTE) {
      this.#declined = true;
      return;
    }
    for (let word = 0; word < 4; word++) {
      let value = 0;
      for (let n = 0; n < 8; n++) {
        const digit = HEX[bytes[++at]!]!;
        if (digit > 15) this.#declined = true;
        value = (value << 4) | digit;
      }
      words[word] = value;
    }
    this.#at = at + 2;
  }
}

/** Values of the digits 0-9 and a-f; 255 for every other byte. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte));
  return digit < 0 ? 255 : digit;
});

function utf8(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "utf8"));
}
