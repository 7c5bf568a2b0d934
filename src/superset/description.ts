import type { Description } from "./describe.ts";
import { INNINGS, INNINGS_CHARTS } from "./innings-charts.ts";
import { LIVE, LIVE_CHARTS } from "./live-charts.ts";
import { MATCH_DATASETS } from "./match-datasets.ts";
import { PLAYER_CHARTS, PLAYERS } from "./player-charts.ts";
import { PLAYER_DATASETS } from "./player-datasets.ts";
import { STREAM, STREAM_CHARTS } from "./stream-charts.ts";
import { STREAM_DATASETS } from "./stream-datasets.ts";

/** Everything that superset/bundle holds. */
export const DESCRIPTION: Description = {
  datasets: [...MATCH_DATASETS, ...PLAYER_DATASETS, ...STREAM_DATASETS],
  charts: [...LIVE_CHARTS, ...INNINGS_CHARTS, ...PLAYER_CHARTS, ...STREAM_CHARTS],
  dashboards: [LIVE, INNINGS, PLAYERS, STREAM],
};
