import type { Delivery, Extras, Wicket } from "../domain/cricket/types.ts";
import { type DeliveryFields, deliveryKey, NO_WICKETS, NONE, placeOfKey } from "./delivery-fields.ts";
import type { SharedTexts } from "./shared-texts.ts";

const FIRST_ROWS = 64;
/** Numbers of a delivery: names, runs, extras, flags, and where its wickets are. */
const FIELDS = 15;
const WIDES_AT = 7;
const BOUNDARY_AT = 12;
const WICKETS_AT = 13;
const MORE_WICKETS_AT = 14;

const NO_EXTRAS: Extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 };
const RUNS_MAX = 8;
/** Runs off the bat without extras, by their number. */
const PLAIN_RUNS = Array.from({ length: RUNS_MAX }, (_, runs) => ({ batter: runs, extras: 0, total: runs }));

/**
 * Deliveries as numbers: 76 bytes each that no garbage collection has to look at, where objects take several times that. Those of
 * one innings, or of one transaction.
 */
export class PackedDeliveries {
  readonly #names: SharedTexts;
  #numbers = new Int32Array(FIRST_ROWS * FIELDS);
  #keys = new Float64Array(FIRST_ROWS);
  #offsets = new Float64Array(FIRST_ROWS);
  /** Few have any: the number in the field is an index from 1. */
  #wickets: (readonly Wicket[])[] = [];
  #length = 0;

  constructor(names: SharedTexts) {
    this.#names = names;
  }

  get length(): number {
    return this.#length;
  }

  /** `deliveryKey`. */
  key(row: number): number {
    return this.#keys[row]!;
  }

  /** Where it stands in its log partition; −1 when it was read back from the tables. */
  offset(row: number): number {
    return this.#offsets[row]!;
  }

  /** Writes over a row, or the next one. */
  set(row: number, fields: DeliveryFields, offset: number): void {
    if (row >= this.#keys.length) this.#grow();
    const numbers = this.#numbers;
    const at = row * FIELDS;
    numbers[at] = fields.battingTeam;
    numbers[at + 1] = fields.batter;
    numbers[at + 2] = fields.nonStriker;
    numbers[at + 3] = fields.bowler;
    numbers[at + 4] = fields.runsBatter;
    numbers[at + 5] = fields.runsExtras;
    numbers[at + 6] = fields.runsTotal;
    numbers[at + WIDES_AT] = fields.wides;
    numbers[at + 8] = fields.noballs;
    numbers[at + 9] = fields.byes;
    numbers[at + 10] = fields.legbyes;
    numbers[at + 11] = fields.penalty;
    numbers[at + BOUNDARY_AT] = fields.nonBoundary;
    numbers[at + WICKETS_AT] = fields.wickets.length === 0 ? 0 : this.#wickets.push(fields.wickets);
    numbers[at + MORE_WICKETS_AT] = Number(fields.mayHaveMoreWickets);
    this.#keys[row] = deliveryKey(fields);
    this.#offsets[row] = offset;
    this.#length = Math.max(this.#length, row + 1);
  }

  /** Writes a row of another over a row, or over the next one. Both must have the same names. */
  copy(row: number, from: PackedDeliveries, fromRow: number): void {
    if (row >= this.#keys.length) this.#grow();
    const at = row * FIELDS;
    const fromAt = fromRow * FIELDS;
    for (let field = 0; field < FIELDS; field++) this.#numbers[at + field] = from.#numbers[fromAt + field]!;
    const wickets = from.#numbers[fromAt + WICKETS_AT]!;
    if (wickets > 0) this.#numbers[at + WICKETS_AT] = this.#wickets.push(from.#wickets[wickets - 1]!);
    this.#keys[row] = from.#keys[fromRow]!;
    this.#offsets[row] = from.#offsets[fromRow]!;
    this.#length = Math.max(this.#length, row + 1);
  }

  /** No rows, and the memory for as many as there were. */
  clear(): void {
    this.#length = 0;
    this.#wickets = [];
  }

  /** Moves this row and all behind it by one; what stands in it then is to be written over. */
  makeRoom(row: number): void {
    if (this.#length === this.#keys.length) this.#grow();
    this.#numbers.copyWithin((row + 1) * FIELDS, row * FIELDS, this.#length * FIELDS);
    this.#keys.copyWithin(row + 1, row, this.#length);
    this.#offsets.copyWithin(row + 1, row, this.#length);
    this.#length++;
  }

  /** Takes a row out; all behind it move up by one. */
  remove(row: number): void {
    this.#numbers.copyWithin(row * FIELDS, (row + 1) * FIELDS, this.#length * FIELDS);
    this.#keys.copyWithin(row, row + 1, this.#length);
    this.#offsets.copyWithin(row, row + 1, this.#length);
    this.#length--;
  }

  /** Whether its format could not tell everything: there is a null. */
  lacks(row: number): boolean {
    const at = row * FIELDS;
    const wickets = this.#numbers[at + WICKETS_AT]!;
    return (
      this.#numbers[at + WIDES_AT] === NONE ||
      this.#numbers[at + BOUNDARY_AT] === NONE ||
      this.#numbers[at + MORE_WICKETS_AT] === 1 ||
      (wickets > 0 && this.#wickets[wickets - 1]!.some(({ fielders }) => fielders === null))
    );
  }

  /** The delivery again. */
  at(row: number, matchId: string): Delivery {
    const key = this.#keys[row]!;
    const numbers = this.#numbers;
    const at = row * FIELDS;
    const number = (field: number): number => numbers[at + field]!;
    const name = (field: number): string => this.#names.textOf(numbers[at + field]!);
    const [batter, extras, total] = [number(4), number(5), number(6)];
    const plain = extras === 0 && total === batter ? PLAIN_RUNS[batter] : undefined;
    const flag = number(BOUNDARY_AT);
    const wickets = number(WICKETS_AT);
    return {
      matchId,
      ...placeOfKey(key),
      battingTeam: name(0),
      batter: name(1),
      nonStriker: name(2),
      bowler: name(3),
      runs: plain ?? { batter, extras, total },
      extras: this.#extras(at),
      nonBoundary: flag === NONE ? null : flag === 1,
      wickets: wickets === 0 ? NO_WICKETS : this.#wickets[wickets - 1]!,
      ...(number(MORE_WICKETS_AT) === 1 && { moreWickets: null }),
    };
  }

  /** All of them, as rows of one match. */
  of(matchId: string): Delivery[] {
    return Array.from({ length: this.#length }, (_, row) => this.at(row, matchId));
  }

  #extras(at: number): Extras | null {
    const numbers = this.#numbers;
    const [wides, noballs, byes] = [numbers[at + WIDES_AT]!, numbers[at + 8]!, numbers[at + 9]!];
    const [legbyes, penalty] = [numbers[at + 10]!, numbers[at + 11]!];
    if (wides === NONE) return null;
    if ((wides | noballs | byes | legbyes | penalty) === 0) return NO_EXTRAS;
    return { wides, noballs, byes, legbyes, penalty };
  }

  #grow(): void {
    const rows = this.#keys.length * 2;
    const [numbers, keys, offsets] = [this.#numbers, this.#keys, this.#offsets];
    this.#numbers = new Int32Array(rows * FIELDS);
    this.#numbers.set(numbers);
    this.#keys = new Float64Array(rows);
    this.#keys.set(keys);
    this.#offsets = new Float64Array(rows);
    this.#offsets.set(offsets);
  }
}
