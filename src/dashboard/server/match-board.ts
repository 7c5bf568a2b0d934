import type { CleanDelivery } from "../../domain/cricket/types.ts";
import type { LoadedEvent } from "../../loader/observer.ts";
import type { BallEvent, LiveMatch, LiveView, MatchEvent, MatchFormat, MatchView } from "../api.ts";
import { number, text } from "./data/cells.ts";
import { applyLoaded, type Change, type HeldMatch, readHeldMatch } from "./data/match-store.ts";
import type { WarehouseReader } from "./data/reader.ts";
import { isDecided } from "./view/chase.ts";
import { Throttle } from "./throttle.ts";
import { formatOfMatch, formatOfTopic } from "./view/formats.ts";
import { inningsNow, liveMatch, matchView } from "./view/match-view.ts";
import type { MatchState } from "./view/match-state.ts";

/** Matches kept in memory: those being played, and those that somebody looked at last. */
const HELD_MAX = 16;
/** A match that no ball came of for so long is not being played, whatever its innings say. */
const LIVE_MS = 1_800_000;
/** Between two readings of what changed too much to be followed. */
const READ_MS = 500;
/** A transaction with more deliveries catches up with something: nobody is shown its balls one by one. */
const BALLS_MAX = 64;

interface Latest {
  readonly matchId: string;
  /** When its last ball was committed, ms since the Unix epoch. */
  readonly at: number;
}

interface MadeView {
  readonly version: number;
  readonly live: boolean;
  readonly view: MatchView;
}

export interface MatchBoardOptions {
  readonly reader: WarehouseReader;
  readonly now: () => number;
  readonly onBall: (event: BallEvent) => void;
  readonly onMatch: (event: MatchEvent) => void;
  /** Something could not be read that nobody asked for just now. */
  readonly onError: (error: unknown) => void;
}

/**
 * The matches that somebody looks at, in memory. One is read from the warehouse once and then follows what the loader
 * hands on after each commit; where the two do not fit together it is read again.
 */
export class MatchBoard {
  readonly #options: MatchBoardOptions;
  readonly #held = new Map<string, HeldMatch>();
  readonly #reading = new Map<string, Promise<HeldMatch | null>>();
  /** What was loaded while a match was being read. */
  readonly #meanwhile = new Map<string, LoadedEvent[]>();
  readonly #latest = new Map<MatchFormat, Latest>();
  /** Many pages ask for the same after a ball. */
  readonly #views = new WeakMap<HeldMatch, MadeView>();
  /** To be read and told. */
  readonly #behind = new Set<string>();
  readonly #catchUp: Throttle = new Throttle(READ_MS, () => this.#readBehind());

  constructor(options: MatchBoardOptions) {
    this.#options = options;
  }

  /** Finds the match each source played last, so that a page opened now shows it before its next ball. */
  async start(): Promise<void> {
    const rows = await this.#options.reader.read((query) =>
      query(
        "SELECT source_topic, arg_max(match_id, (source_time, log_offset)), epoch_ms(max(source_time)) FROM deliveries GROUP BY source_topic",
      ),
    );
    for (const [topic, matchId, at] of rows) {
      const format = formatOfTopic(text(topic));
      if (format === null || this.#latest.has(format)) continue;
      this.#latest.set(format, { matchId: text(matchId), at: number(at) });
      await this.get(text(matchId));
    }
  }

  /** The warehouse is closed: what is open next may be another. */
  clear(): void {
    this.#held.clear();
    this.#reading.clear();
    this.#meanwhile.clear();
    this.#latest.clear();
    this.#behind.clear();
    this.#catchUp.stop();
  }

  /** A match with its charts; null when nothing of it is loaded. */
  async view(matchId: string): Promise<MatchView | null> {
    const held = await this.get(matchId);
    if (held === null) return null;
    const state = this.#state(held);
    const made = this.#views.get(held);
    if (made?.version === held.version && made.live === state.live) return made.view;
    const view = matchView(state);
    this.#views.set(held, { version: held.version, live: state.live, view });
    return view;
  }

  async live(): Promise<LiveView> {
    const [odi, t20i, test] = await Promise.all([this.#liveOf("odi"), this.#liveOf("t20i"), this.#liveOf("test")]);
    return { odi, t20i, test };
  }

  /** Matches that are being played: of these nothing is told that is still to come. */
  liveIds(): ReadonlySet<string> {
    const ids = [...this.#latest.values()].map(({ matchId }) => matchId);
    return new Set(
      ids.filter((id) => {
        const held = this.#held.get(id);
        return held === undefined || this.#isLive(held);
      }),
    );
  }

  async get(matchId: string): Promise<HeldMatch | null> {
    const held = this.#held.get(matchId);
    if (held === undefined) return this.#reading.get(matchId) ?? this.#read(matchId);
    // Behind the others: the map's order is the order of use.
    this.#held.delete(matchId);
    this.#held.set(matchId, held);
    return held;
  }

  /** Takes what a transaction brought, and says what of it is new to a page. */
  loaded(event: LoadedEvent): void {
    const added = byMatch(event.deliveries);
    for (const { delivery, source } of event.deliveries) {
      const touched = event.touched.get(delivery.matchId);
      const format =
        formatOfTopic(source.topic) ?? (touched === undefined ? null : formatOfMatch(touched.match, true, null));
      if (format !== null) this.#latest.set(format, { matchId: delivery.matchId, at: event.at });
    }
    // Of a large transaction only the last deliveries are told: a format that is not among them shows what was touched.
    for (const [matchId, { match }] of event.touched) {
      const format = formatOfMatch(match, true, null);
      if (!this.#latest.has(format)) this.#latest.set(format, { matchId, at: event.at });
    }
    const playing = new Set([...this.#latest.values()].map(({ matchId }) => matchId));
    for (const matchId of event.touched.keys()) {
      const held = this.#held.get(matchId);
      if (held !== undefined) this.#follow(held, event, added.get(matchId) ?? []);
      else if (this.#reading.has(matchId)) this.#meanwhile.get(matchId)?.push(event);
      else if (playing.has(matchId)) this.#fallBehind(matchId);
    }
  }

  #follow(held: HeldMatch, event: LoadedEvent, added: readonly CleanDelivery[]): void {
    const change = applyLoaded(held, event, added);
    if (change === null) {
      this.#held.delete(held.matchId);
      this.#fallBehind(held.matchId);
      return;
    }
    if (change.ball === null || event.deliveries.length > BALLS_MAX) this.#tell(held, change.reason);
    else this.#tellBall(change, change.ball, event.at);
  }

  #tellBall({ held }: Change, clean: CleanDelivery, at: number): void {
    const state = this.#state(held);
    const innings = inningsNow(state, clean.delivery.innings);
    const live = liveMatch(state, at);
    const [ball] = live.recent;
    const worm = innings?.worm.at(-1);
    const over = innings?.manhattan.at(-1);
    if (innings === null || ball === undefined || worm === undefined || over === undefined) {
      this.#tell(held, "loaded");
      return;
    }
    const { worm: _worm, manhattan: _manhattan, ...rest } = innings;
    const { topic, partition, offset } = clean.source;
    this.#options.onBall({
      matchId: held.matchId,
      format: held.format,
      deliveries: held.deliveries.length,
      ball,
      live,
      innings: rest,
      worm,
      over,
      input: { topic, partition, offset },
      eventId: clean.eventId,
      committedAt: at,
    });
  }

  #tell(held: HeldMatch, reason: MatchEvent["reason"]): void {
    const latest = this.#latest.get(held.format);
    const live = latest?.matchId === held.matchId ? liveMatch(this.#state(held), latest.at) : null;
    this.#options.onMatch({ matchId: held.matchId, format: held.format, reason, live });
  }

  #fallBehind(matchId: string): void {
    this.#behind.add(matchId);
    this.#catchUp.ask();
  }

  #readBehind(): void {
    const behind = [...this.#behind];
    this.#behind.clear();
    for (const matchId of behind) {
      this.get(matchId).then((held) => {
        if (held !== null) this.#tell(held, "loaded");
      }, this.#options.onError);
    }
  }

  #read(matchId: string): Promise<HeldMatch | null> {
    const missed: LoadedEvent[] = [];
    const reading = this.#options.reader
      .read((query, connection) => readHeldMatch(query, connection, matchId))
      .then((held) => {
        if (this.#reading.get(matchId) !== reading) return held;
        return this.#hold(matchId, held, missed);
      })
      .finally(() => {
        if (this.#reading.get(matchId) !== reading) return;
        this.#reading.delete(matchId);
        this.#meanwhile.delete(matchId);
      });
    this.#reading.set(matchId, reading);
    this.#meanwhile.set(matchId, missed);
    return reading;
  }

  /** Keeps what was read, with what was loaded meanwhile: it may be in it already, which does no harm. */
  #hold(matchId: string, held: HeldMatch | null, missed: readonly LoadedEvent[]): HeldMatch | null {
    if (held === null) return null;
    for (const event of missed) {
      const added = event.deliveries.filter(({ delivery }) => delivery.matchId === matchId);
      // Behind what was read or ahead of it: it is not kept, so that the next request reads it again.
      if (applyLoaded(held, event, added) === null) return held;
    }
    this.#held.set(matchId, held);
    const playing = new Set([...this.#latest.values()].map((latest) => latest.matchId));
    for (const id of this.#held.keys()) {
      if (this.#held.size <= HELD_MAX) break;
      if (!playing.has(id)) this.#held.delete(id);
    }
    return held;
  }

  async #liveOf(format: MatchFormat): Promise<LiveMatch | null> {
    const latest = this.#latest.get(format);
    const held = latest === undefined ? null : await this.get(latest.matchId);
    return held === null || latest === undefined ? null : liveMatch(this.#state(held), latest.at);
  }

  #state(held: HeldMatch): MatchState {
    return { ...held, live: this.#isLive(held) };
  }

  #isLive(held: HeldMatch): boolean {
    const latest = [...this.#latest.values()].find(({ matchId }) => matchId === held.matchId);
    if (latest === undefined || this.#options.now() - latest.at >= LIVE_MS) return false;
    return !isDecided(held.scored, held.match);
  }
}

function byMatch(deliveries: readonly CleanDelivery[]): Map<string, CleanDelivery[]> {
  const groups = new Map<string, CleanDelivery[]>();
  for (const clean of deliveries) {
    const group = groups.get(clean.delivery.matchId);
    if (group === undefined) groups.set(clean.delivery.matchId, [clean]);
    else group.push(clean);
  }
  return groups;
}
