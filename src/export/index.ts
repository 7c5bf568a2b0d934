export { exportParquet, type ExportReport } from "./export.ts";
export { rebuildWarehouse, type RebuildReport } from "./rebuild.ts";
