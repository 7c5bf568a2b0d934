/**
 * What every source is made of (docs/HOW-TO/add-a-source.md): the right to write, position and events in one transaction, the
 * loop around the sessions, the status, the headers. What a source adds is how it reads, and when its position cannot be trusted.
 */
export { EventWriter } from "./event.ts";
export type { EventContext, EventTarget, SourceEvent, Unreadable } from "./event.ts";
export { cloudEventHeaders, keyProblem, MAX_EVENT_BYTES, orUnreadable, oversize, statedTime } from "./headers.ts";
export type { CloudEvent } from "./headers.ts";
export type { SourceOptions } from "./options.ts";
export { Ownership } from "./ownership.ts";
export type { OwnershipOptions } from "./ownership.ts";
export { encodeStoredPosition, gapEvent, parseStoredPosition, readStoredPosition } from "./position.ts";
export type { PositionCodec, StoredPosition } from "./position.ts";
export type { SourceHook, SourcePoint } from "./publisher.ts";
export { ContinuityLostError, runSource } from "./run.ts";
export type { SourceKind, SourceSession } from "./run.ts";
export { quietOwner, type Standby } from "./standby.ts";
export { StatusBoard } from "./status.ts";
export type { SourceLag, SourceStatus } from "./status.ts";
export { prepareTopics } from "./topics.ts";
export type { SourceTopics, TopicsOptions } from "./topics.ts";
export { Wake } from "./wake.ts";
