import type { Log } from "../kafka/log.ts";
import { BackgroundLook } from "./background-look.ts";
import type { Clock } from "./clock.ts";
import { refuseSurplus } from "./surplus.ts";
import type { InputIds } from "./topic-ids.ts";
import type { Topology } from "./topology.ts";

const LOOK_EVERY_MS = 60_000;

/**
 * Looks once a minute, beside the owner loop, whether partitions were added to an input and somebody writes to them, and
 * whether an input was deleted and made again.
 */
export function inputWatch(
  log: Log,
  topology: Topology,
  ids: InputIds,
  clock: Clock,
  onError: (error: unknown) => void,
): BackgroundLook {
  const look = async (): Promise<void> => {
    await ids.look();
    await refuseSurplus(log, topology, clock);
  };
  // The start has just looked.
  return new BackgroundLook({ clock, everyMs: LOOK_EVERY_MS, lookedAt: clock.now(), look, onError });
}
