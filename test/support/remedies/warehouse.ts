import type { Entry } from "./register.ts";

export const WAREHOUSE: readonly Entry[] = [
  {
    id: "audit/another-writer",
    says: "only the processor may write to this topic: end what else does, then `third-umpire reset` and play again",
    by: [["test/unit/audit/remedies.test.ts", "of a clean topic: loader and audit are content after a reset"]],
  },
  {
    id: "topics/nothing-processed",
    says: "nothing has been processed yet: `third-umpire run` does it all",
    by: [["test/e2e/remedies.test.ts", "commands that look, and the live page, want a processor to have run"]],
  },
  {
    id: "topics/open-transaction",
    says: "start the process that began it again: it ends what it left open",
    by: [
      [
        "test/unit/audit/remedies.test.ts",
        "of a transaction that does not end goes on when its process was started again",
      ],
    ],
  },
  {
    id: "audit/not-loaded",
    says: "what has not been loaded yet: no loader runs (`third-umpire loader` goes on)",
    by: [["test/unit/audit/remedies.test.ts", "names what is not loaded, until a loader has loaded it"]],
  },
  {
    id: "audit/no-servers",
    says: "start the servers: third-umpire up",
    by: [["test/e2e/remedies.test.ts", "the audit and commands want the servers"]],
  },
  {
    id: "export/another-warehouse",
    says: "it is of another or a later warehouse: export into a new folder",
    by: [["test/unit/loader/remedies.test.ts", "an export of another warehouse is kept"]],
  },
  {
    id: "export/other-files",
    says: "name an empty or a new folder",
    by: [["test/unit/loader/remedies.test.ts", "a folder with other files is another one"]],
  },
  {
    id: "export/manifest-damaged",
    says: "take the folder of another export, or export again into a new one",
    by: [
      ["test/unit/loader/remedies.test.ts", "a damaged manifest is that of another folder"],
      ["test/unit/loader/remedies.test.ts", "a damaged manifest is left, and the export goes into a new folder"],
    ],
  },
  {
    id: "export/file-damaged",
    says: "restore the folder from a copy, or name another export",
    by: [["test/unit/loader/remedies.test.ts", "a damaged file is that of a copy"]],
  },
  {
    id: "export/warehouse-there",
    says: "if it is damaged, `third-umpire loader --restore` keeps more; else move its folder away first",
    by: [
      ["test/unit/loader/remedies.test.ts", "a warehouse that is there is moved away"],
      ["test/unit/loader/remedies.test.ts", "a warehouse that is there and damaged is mended, and needs no rebuild"],
    ],
  },
  {
    id: "export/none-there",
    says: "name the folder that `third-umpire export` wrote",
    by: [["test/unit/loader/remedies.test.ts", "a folder without an export is that of one"]],
  },
  {
    id: "export/doubles",
    says: "it was changed by hand: take another copy of it",
    by: [["test/unit/loader/remedies.test.ts", "an export that was changed by hand is another copy of it"]],
  },
  {
    id: "export/other-brokers",
    says: "name the brokers that the export was made from, or rebuild with --without-topics",
    by: [["test/unit/loader/remedies.test.ts", "topics of other brokers are left out, or the right brokers named"]],
  },
  {
    id: "decode/only-processor",
    says: "only the processor may write {}; nothing after this record was loaded and nothing is lost. Update the loader if the processor is newer, else `third-umpire reset` and play again",
    by: [["test/unit/audit/remedies.test.ts", "of a clean topic: loader and audit are content after a reset"]],
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
  {
    id: "duckdb-errors/update-program",
    says: "update this program",
    cannot: "there is no later version of this program to update to",
  },
  {
    id: "loader/damaged",
    says: "`third-umpire loader --restore` sets the file aside and goes on from the newest published snapshot, which holds its own offsets: Kafka has the rest",
    by: [["test/unit/loader/remedies.test.ts", "a damaged file is set aside, and the snapshot goes on"]],
  },
  {
    id: "duckdb-errors/check-who",
    says: "check who owns the file and its folder",
    by: [["test/unit/loader/owner.test.ts", "a warehouse that belongs to another is given to whoever runs the loader"]],
  },
  {
    id: "loader/second-loader",
    says: "stop it with `third-umpire down` or `kill {}`, or set TU_WAREHOUSE_DIR to another directory",
    by: [
      ["test/unit/loader/remedies.test.ts", "a second loader waits for the end of the first, or has another folder"],
      ["test/e2e/remedies.test.ts", "while a play goes on, another and a loader wait until it was stopped"],
    ],
  },
  {
    id: "loader/folder",
    says: "check who owns the folder, or set TU_WAREHOUSE_DIR",
    by: [["test/unit/loader/remedies.test.ts", "a folder that cannot be made is another one"]],
  },
  {
    id: "migrations/install-again",
    says: "install again: files of the package are missing or do not belong to it",
    by: [["test/e2e/package.test.ts", "without a migration of the warehouse is installed again"]],
  },
  {
    id: "loader/newer-program",
    says: "update this program, or set TU_WAREHOUSE_DIR to another directory",
    by: [["test/unit/loader/remedies.test.ts", "a warehouse of a newer program is left alone"]],
  },
  {
    id: "plan/processor-s",
    says: "where the group was told to judge again, set TU_WAREHOUSE_DIR to a new directory, which loads what Kafka still has, and this one stays as it is; otherwise the processor's group was moved back without its dedupe state, or two groups write one topic: `third-umpire audit` shows what was judged twice, `third-umpire reset` starts over",
    by: [
      [
        "test/unit/audit/remedies.test.ts",
        "of verdicts: the audit shows what was judged twice, and a reset starts over",
      ],
      [
        "test/unit/loader/changed-topics.test.ts",
        "verdicts that were asked for again are loaded into another warehouse, and the first one is kept",
      ],
    ],
  },
  {
    id: "warehouse/none",
    says: "`third-umpire play` loads some matches; a running loader publishes within seconds",
    by: [["test/e2e/remedies.test.ts", "there is a warehouse to read only when something was loaded"]],
  },
  {
    id: "loader/records-deleted",
    says: [
      "restore a warehouse that has them, or go on without them, noted in the table gaps: {}",
      "`third-umpire loader --accept-gaps`",
    ],
    by: [
      [
        "test/unit/loader/remedies.test.ts",
        "records deleted before they were loaded are passed over when that is accepted, and noted",
      ],
      ["test/unit/loader/remedies.test.ts", "a warehouse that has the deleted records is put in its place"],
    ],
  },
  {
    id: "loader/topic-made-again",
    says: "the topic was deleted and made again: set TU_WAREHOUSE_DIR to a new directory, or `third-umpire reset` both",
    by: [
      ["test/unit/loader/remedies.test.ts", "topics that were made again are loaded into another warehouse"],
      [
        "test/unit/loader/changed-topics.test.ts",
        "topics that were made again and are longer than what was loaded are loaded into another warehouse",
      ],
      ["test/e2e/remedies.test.ts", "begin anew"],
    ],
  },
  {
    id: "start-offsets/accepted-accept",
    says: "accepted by --accept-gaps",
    noRemedy: "the reason that a gap is noted with",
  },
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
  {
    id: "audit/object-store",
    says: "name its folder or bucket in TU_OBJECT_STORE",
    by: [["test/unit/audit/remedies.test.ts", "reads the store that the settings name"]],
  },
];
