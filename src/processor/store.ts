import { Digest } from "../domain/review/digest.ts";
import type { IdentityHasher } from "../domain/review/identity.ts";
import type { StateStore, StoreSpec } from "./topology.ts";

interface Slot {
  readonly value: unknown;
  readonly digestHigh: number;
  readonly digestLow: number;
}

/** Changes of one transaction to one store; undefined is a deletion. */
export type StoreOverlay = Map<string, unknown>;

/** A changed key as it goes to the store's compacted topic; a null value is a tombstone. */
export interface StoreChange {
  readonly key: string;
  readonly bytes: Buffer | null;
  readonly slot: Slot | undefined;
}

/** The committed content of one store in one partition, with an order-independent digest (EO-4). */
export class CommittedStore {
  readonly spec: StoreSpec<unknown>;
  readonly #slots = new Map<string, Slot>();
  readonly #hasher: IdentityHasher;
  readonly #words: Uint32Array = new Uint32Array(2);
  readonly #digest: Digest = new Digest();

  constructor(spec: StoreSpec<unknown>, hasher: IdentityHasher) {
    this.spec = spec;
    this.#hasher = hasher;
  }

  get size(): number {
    return this.#slots.size;
  }

  get digest(): string {
    return this.#digest.toString();
  }

  get(key: string): unknown {
    return this.#slots.get(key)?.value;
  }

  keys(): Iterable<string> {
    return this.#slots.keys();
  }

  /** What a transaction with this overlay writes. */
  plan(overlay: StoreOverlay): StoreChange[] {
    const changes: StoreChange[] = [];
    for (const [key, value] of overlay) {
      if (value === undefined) {
        changes.push({ key, bytes: null, slot: undefined });
        continue;
      }
      const bytes = this.spec.value.encode(value);
      changes.push({ key, bytes, slot: this.#slot(key, bytes, value) });
    }
    return changes;
  }

  /** Digest of the store once these changes have been applied. */
  digestAfter(changes: readonly StoreChange[]): string {
    const digest = this.#digest.copy();
    for (const { key, slot } of changes) {
      const old = this.#slots.get(key);
      if (old !== undefined) digest.remove(old.digestHigh, old.digestLow);
      if (slot !== undefined) digest.add(slot.digestHigh, slot.digestLow);
    }
    return digest.toString();
  }

  /** Makes the changes of a committed transaction the state. */
  apply(changes: readonly StoreChange[]): void {
    for (const { key, slot } of changes) this.#replace(key, slot);
  }

  /** Applies one message of the store's topic; call in offset order. */
  restore(key: string, bytes: Buffer | null): void {
    this.#replace(key, bytes === null ? undefined : this.#slot(key, bytes, this.spec.value.decode(bytes)));
  }

  #slot(key: string, bytes: Buffer, value: unknown): Slot {
    this.#hasher.digest(Buffer.concat([Buffer.from(key), bytes]), this.#words);
    return { value, digestHigh: this.#words[0]!, digestLow: this.#words[1]! };
  }

  #replace(key: string, slot: Slot | undefined): void {
    const old = this.#slots.get(key);
    if (old !== undefined) this.#digest.remove(old.digestHigh, old.digestLow);
    if (slot === undefined) this.#slots.delete(key);
    else {
      this.#slots.set(key, slot);
      this.#digest.add(slot.digestHigh, slot.digestLow);
    }
  }
}

/** A store as one transaction sees it: its own changes, over those of the one that commits, over the committed ones. */
export class StoreView implements StateStore<unknown> {
  readonly #own: StoreOverlay;
  readonly #parent: () => StoreOverlay | undefined;
  readonly #base: CommittedStore;

  constructor(own: StoreOverlay, parent: () => StoreOverlay | undefined, base: CommittedStore) {
    this.#own = own;
    this.#parent = parent;
    this.#base = base;
  }

  get(key: string): unknown {
    const own = this.#own.get(key);
    if (own !== undefined || this.#own.has(key)) return own;
    const parent = this.#parent();
    if (parent !== undefined && parent.size > 0) {
      const committing = parent.get(key);
      if (committing !== undefined || parent.has(key)) return committing;
    }
    return this.#base.get(key);
  }

  put(key: string, value: unknown): void {
    if (value === undefined)
      throw new TypeError(`store "${this.#base.spec.name}": put undefined for "${key}"; use delete`);
    this.#own.set(key, value);
  }

  delete(key: string): void {
    this.#own.set(key, undefined);
  }
}
