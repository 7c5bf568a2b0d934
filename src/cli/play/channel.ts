/**
 * What `play` and its children say to each other beside their status:
 *
 * ```
 *  play ──pipeline (4 a second)──► loader      what its live page cannot know itself
 *  play ◄──page─────────────────── loader      where the page is, or why it is not
 *  play ◄──misbehave────────────── loader      somebody pressed a button there
 *  play ──misbehaved─────────────► loader
 *  play ──again──► feed-test ──repeated──► play   the writer of the object store, which has only one
 * ```
 */
import type { MisbehaveAnswer, MisbehaveRequest, PipelineState } from "../../dashboard/api.ts";

export interface PipelineMessage {
  readonly type: "pipeline";
  readonly state: PipelineState;
}

export interface PageMessage {
  readonly type: "page";
  /** Null when it is not served. */
  readonly url: string | null;
  /** Why not; empty when it is. */
  readonly problem: string;
}

export interface MisbehaveMessage extends MisbehaveRequest {
  readonly type: "misbehave";
  readonly id: number;
}

export interface MisbehavedMessage extends MisbehaveAnswer {
  readonly type: "misbehaved";
  readonly id: number;
}

export interface AgainMessage {
  readonly type: "again";
  readonly id: number;
  /** Objects to append once more. */
  readonly count: number;
}

export interface RepeatedMessage {
  readonly type: "repeated";
  readonly id: number;
  /** How many were; null when it failed. */
  readonly count: number | null;
  readonly problem: string;
}

export type ChannelMessage =
  PipelineMessage | PageMessage | MisbehaveMessage | MisbehavedMessage | AgainMessage | RepeatedMessage;

/** The message, when it is one of this type. Both ends are of one version: the members are what that says. */
export function messageOf<T extends ChannelMessage["type"]>(
  type: T,
  message: unknown,
): Extract<ChannelMessage, { type: T }> | undefined {
  const is = typeof message === "object" && message !== null && Reflect.get(message, "type") === type;
  return is ? (message as Extract<ChannelMessage, { type: T }>) : undefined;
}

/** Tells the process that started us, if there is one and it still listens. */
export function tellParent(message: ChannelMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Hears the process that started us until the function it returns is called. Nobody started us: nothing is heard. */
export function hearParent(listener: (message: unknown) => void): () => void {
  if (!process.connected) return () => undefined;
  process.on("message", listener);
  return () => process.off("message", listener);
}
