import { CRICKET_GROUP } from "../../domain/cricket/topics.ts";
import type { Pipeline } from "../pipeline.ts";
import { aboutRaw } from "./about-raw.ts";
import { cricketTopology } from "./topology.ts";

/** The flagship: cricket ball by ball, from three sources. */
export const CRICKET: Pipeline = {
  name: "cricket",
  groupId: CRICKET_GROUP,
  topology: (settings) => cricketTopology(settings),
  aboutRaw,
};
