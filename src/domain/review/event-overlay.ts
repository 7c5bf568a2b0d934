import { EventTable } from "./event-table.ts";
import { SupersededOverlay } from "./superseded.ts";

/** Changes that one transaction makes to the known events of a partition; nobody else sees them before it commits. */
export class EventOverlay {
  readonly table: EventTable = new EventTable(12, 12);
  readonly superseded: SupersededOverlay = new SupersededOverlay();

  clear(): void {
    this.table.clear();
    this.superseded.clear();
  }
}
