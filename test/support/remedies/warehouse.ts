import type { Entry } from "./register.ts";

export const WAREHOUSE: readonly Entry[] = [
  { id: "read-clean/find-who", says: "find out who else writes to this topic", untested: true },
  {
    id: "read-log/nothing-has",
    says: "nothing has been processed yet: `third-umpire run` does it all",
    untested: true,
  },
  {
    id: "read-log/start-process",
    says: "start the process that began it again: it ends what it left open",
    untested: true,
  },
  {
    id: "reconciliation/what-has",
    says: "what has not been loaded yet: no loader runs (`third-umpire run` or `third-umpire loader` goes on)",
    untested: true,
  },
  { id: "audit-run/start-servers", says: "start the servers: third-umpire up", untested: true },
  {
    id: "export/another-later",
    says: "it is of another or a later warehouse: export into a new folder",
    untested: true,
  },
  { id: "manifest/name-empty", says: "name an empty or a new folder", untested: true },
  {
    id: "manifest/take-folder",
    says: "take the folder of another export, or export again into a new one",
    untested: true,
  },
  { id: "manifest/restore-folder", says: "restore the folder from a copy, or name another export", untested: true },
  {
    id: "export-rebuild/if-damaged",
    says: "if it is damaged, `third-umpire loader --restore` keeps more; else move its folder away first",
    untested: true,
  },
  { id: "export-rebuild/name-folder", says: "name the folder that `third-umpire export` wrote", untested: true },
  { id: "export-rebuild/changed-hand", says: "it was changed by hand: take another copy of it", untested: true },
  {
    id: "seam/name-brokers",
    says: "name the brokers that the export was made from, or rebuild with --without-topics",
    untested: true,
  },
  {
    id: "decode/only-processor",
    says: "only the processor may write {}; nothing after this record was loaded and nothing is lost. Update the loader if the processor is newer, else `third-umpire reset` and play again",
    untested: true,
  },
  {
    id: "loader/chain-hole",
    says: "verdict blocks are missing, or the processor's offsets were moved by hand; to go on without them, noted in the table gaps: `third-umpire loader --accept-gaps`",
    by: [
      [
        "test/unit/loader/plan.test.ts",
        "EO-1: a block that is missing is refused, also behind one of version 1, and noted where gaps are accepted",
      ],
    ],
  },
  { id: "duckdb-errors/update-program", says: "update this program", untested: true },
  {
    id: "duckdb-errors/third-umpire",
    says: "`third-umpire loader --restore` sets the file aside and goes on from the newest published snapshot, which holds its own offsets: Kafka has the rest",
    untested: true,
  },
  { id: "duckdb-errors/check-who", says: "check who owns the file and its folder", untested: true },
  {
    id: "hot-file/stop-third",
    says: "stop it with `third-umpire down` or `kill {}`, or set TU_WAREHOUSE_DIR to another directory",
    untested: true,
  },
  { id: "hot-file/check-who", says: "check who owns the folder, or set TU_WAREHOUSE_DIR", untested: true },
  { id: "loader/third-umpire", says: "`third-umpire loader --accept-gaps`", untested: true },
  {
    id: "migrations/install-again",
    says: "install again: files of the package are missing or do not belong to it",
    untested: true,
  },
  {
    id: "migrations/update-program",
    says: "update this program, or set TU_WAREHOUSE_DIR to another directory",
    untested: true,
  },
  {
    id: "plan/processor-s",
    says: "the processor's group was moved back without its dedupe state, or two groups write one topic: `third-umpire audit` shows what was judged twice, `third-umpire reset` starts over",
    untested: true,
  },
  {
    id: "read/third-umpire",
    says: "`third-umpire play` loads some matches; a running loader publishes within seconds",
    untested: true,
  },
  {
    id: "start-offsets/restore-warehouse",
    says: "restore a warehouse that has them, or go on without them, noted in the table gaps: {}",
    untested: true,
  },
  {
    id: "start-offsets/topic-deleted",
    says: "the topic was deleted and made again: set TU_WAREHOUSE_DIR to a new directory, or `third-umpire reset` both",
    untested: true,
  },
  {
    id: "start-offsets/accepted-accept",
    says: "accepted by --accept-gaps",
    noRemedy: "the reason that a gap is noted with",
  },
  { id: "object-store/name-folder", says: "name its folder or bucket in TU_OBJECT_STORE", untested: true },
  {
    id: "read/close-there",
    says: "close it in that program, which should open it read-only (access_mode=read_only, duckdb -readonly)",
    by: [
      [
        "test/unit/loader/read-held.test.ts",
        "everything is held: one line names who holds what, and to close it there helps",
      ],
    ],
  },
];
