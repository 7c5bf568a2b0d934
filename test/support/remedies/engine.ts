import type { Entry } from "./register.ts";

export const ENGINE: readonly Entry[] = [
  {
    id: "probe/high-watermark",
    says: "ask for watermarks with a read_uncommitted client",
    by: [["test/integration/kafka/remedies.test.ts", "watermarks that leave out open transactions"]],
  },
  {
    id: "probe/stable-offsets",
    says: "use a broker of version 2.5 or later and a client that asks for stable offsets (KIP-447)",
    by: [["test/integration/kafka/remedies.test.ts", "committed offsets that may still change"]],
  },
  {
    id: "probe/zombie",
    says: "use a broker that fences older producers, and a client that opens the transactional id that it is given",
    by: [["test/integration/kafka/remedies.test.ts", "producers that do not share a transactional id"]],
  },
  {
    id: "probe/aborted-read",
    says: "do not run exactly-once on this client: its read_committed filter is broken",
    by: [
      ["test/integration/kafka/remedies.test.ts", "a filter that lets aborted records through"],
      ["test/integration/kafka/remedies.test.ts", "a filter that holds committed records back"],
    ],
  },
  {
    id: "engine/records-deleted",
    says: "raise the topic's retention; to go on without them start the processor with --accept-loss",
    by: [
      [
        "test/unit/processor/remedies.test.ts",
        "records that were deleted before they were judged are left out when that is accepted",
      ],
    ],
  },
  {
    id: "engine/replaced",
    says: "nothing is lost and the newer one goes on; give each process an instance id of its own to run both",
    by: [["test/unit/processor/one-instance.test.ts", "two processes of one instance id are given names of their own"]],
  },
  {
    id: "commit/defect-engine",
    says: "this is a defect of the engine: please report it with the verdicts of this partition",
    cannot: "only a defect of the engine brings about this state",
  },
  {
    id: "rebuild/group-runs",
    says: "stop all processors of the group first",
    by: [["test/unit/processor/remedies.test.ts", "state is not rebuilt while a processor of the group runs"]],
  },
  {
    id: "rebuild/records-deleted",
    says: "a repetition of them would be accepted again; to go on all the same use --accept-loss",
    by: [
      [
        "test/unit/processor/remedies.test.ts",
        "state whose inputs begin late is rebuilt of what is left when that is accepted",
      ],
    ],
  },
  {
    id: "restore/state-of-another",
    says: "use a consumer group of its own, or rebuild the state: third-umpire state rebuild",
    by: [
      ["test/unit/processor/remedies.test.ts", "a group of another program is left to it"],
      ["test/unit/processor/remedies.test.ts", "state whose offset another program wrote over is rebuilt"],
    ],
  },
  {
    id: "restore/fingerprint",
    says: "inputs, partitions, stores, retention or identity version changed: give the topology a new name and its processors a new group, which judges all input again, or rebuild: third-umpire state rebuild",
    by: [
      ["test/unit/processor/remedies.test.ts", "state of another topology is rebuilt"],
      [
        "test/unit/processor/remedies.test.ts",
        "state of another topology is left alone by one of another name and group",
      ],
    ],
  },
  {
    id: "engine/process-throws",
    says: "mend the topology: decode and identify may throw to quarantine a record, process and complete must not throw",
    by: [["test/unit/processor/remedies.test.ts", "a topology that fails on a record is mended"]],
  },
  {
    id: "engine/state-corrupt",
    says: "stop all processors of the group and run: third-umpire state rebuild",
    by: [
      ["test/unit/processor/remedies.test.ts", "state that is corrupt is rebuilt (EO-4)"],
      [
        "test/unit/processor/offsets-gone.test.ts",
        "of a deleted group are refused where there is state, and put back by the rebuild: nothing is judged twice",
      ],
      ["test/unit/processor/offsets-gone.test.ts", "of some inputs only are refused, and put back by the rebuild"],
      ["test/unit/processor/offsets-gone.test.ts", "of a group that was empty for a week are gone, too"],
      [
        "test/unit/processor/offsets-gone.test.ts",
        "are refused where there are verdicts and no state: only what could not be read was judged",
      ],
      [
        "test/unit/processor/offsets-gone.test.ts",
        "are put back where the beginning of the inputs is gone, and the state is kept",
      ],
    ],
  },
  {
    id: "engine/topic-recreated",
    says: "its records are others: give the topology a new name and its processors a new group, which judges all input; what was written so far stays",
    by: [
      [
        "test/unit/processor/offsets-gone.test.ts",
        "of an input that was deleted and made again are not put back: its records are others",
      ],
      ["test/unit/processor/offsets-gone.test.ts", "of an input that is made again while a processor runs"],
    ],
  },
  {
    id: "rebuild/untold",
    says: "go on behind the newest record that state and quarantine know, with `third-umpire state rebuild --judge-again`: no record is lost and none accepted twice, but what was a repetition or poison behind it gets a verdict again",
    by: [
      [
        "test/unit/processor/offsets-gone.test.ts",
        "are not put back where the verdicts are gone, too, until what may be judged again is accepted",
      ],
    ],
  },
  {
    id: "start/state-deleted-by-age",
    says: "deleting by age would lose state: set cleanup.policy=compact",
    by: [["test/integration/kafka/remedies.test.ts", "of state are kept, and those of verdicts expire"]],
  },
  {
    id: "start/cleanup-policy",
    says: "set cleanup.policy={}",
    by: [["test/integration/kafka/remedies.test.ts", "of state are kept, and those of verdicts expire"]],
  },
  {
    id: "start/topic-missing",
    says: "create it with {} partitions",
    by: [["test/unit/processor/remedies.test.ts", "an input that is not there is created"]],
  },
  {
    id: "start/partition-counts",
    says: "define the topology with {} partitions (TU_PARTITIONS), or make the topic again with {}, which loses what is in it",
    by: [
      [
        "test/unit/processor/remedies.test.ts",
        "topics of another partition count are taken as they are, or made again",
      ],
    ],
  },
  {
    id: "start/surplus",
    says: "let their writers use the first partitions only, and send what is there again, to the partitions of its keys: third-umpire resend",
    by: [
      ["test/unit/processor/surplus.test.ts", "records in them are sent again, and each is judged once"],
      [
        "test/integration/processor/surplus.test.ts",
        "records in partitions that were added to a real topic are sent again, and each is judged once",
      ],
    ],
  },
  {
    id: "kafka/group-in-use",
    says: "choose another group id: this one is in use by a running consumer",
    by: [["test/integration/kafka/remedies.test.ts", "leave the offsets of a group that others are in alone"]],
  },
  {
    id: "model/no-topic",
    says: "create the topic before it is used",
    by: [["test/unit/testing/remedies.test.ts", "a topic that is not there is created"]],
  },
  {
    id: "model/out-of-range",
    says: "the records after the committed offset were deleted by retention; reset the group on purpose",
    by: [["test/unit/testing/remedies.test.ts", "records that are gone are passed over on purpose only"]],
  },
  {
    id: "model/too-large",
    says: "raise maxMessageBytes of the topic and the producer, or send smaller records",
    by: [["test/unit/testing/remedies.test.ts", "a record that is too large is smaller, or allowed"]],
  },
  {
    id: "kafka/configuration",
    says: "correct the brokers, group, transactional id or timeouts given to it",
    by: [["test/integration/kafka/remedies.test.ts", "have timeouts that the broker allows"]],
  },
  {
    id: "kafka/too-large",
    says: "raise max.message.bytes of the topic and message.max.bytes of the broker, or send smaller records",
    by: [["test/integration/kafka/remedies.test.ts", "are smaller, or the topic takes larger ones"]],
  },
  {
    id: "kafka/topic-name",
    says: "use a topic name of at most 249 characters out of a-z A-Z 0-9 . _ -",
    by: [["test/integration/kafka/remedies.test.ts", "have a name that Kafka allows"]],
  },
  {
    id: "kafka/session-timeout",
    says: "choose a session timeout between group.min.session.timeout.ms and group.max.session.timeout.ms of the broker",
    by: [["test/integration/kafka/remedies.test.ts", "have timeouts that the broker allows"]],
  },
  {
    id: "kafka/topic-right",
    says: "give this user the rights on the topic: Describe, DescribeConfigs and Read, to write it Write, to make it Create, to remove it Delete",
    by: [
      [
        "test/integration/kafka/rights.test.ts",
        "a topic is told so by everything that touches it, and given it does everything",
      ],
    ],
  },
  {
    id: "kafka/group-right",
    says: "give this user the right Read on the consumer group",
    by: [
      [
        "test/integration/kafka/rights.test.ts",
        "a consumer group is told so by whoever joins it, describes it and commits for it",
      ],
    ],
  },
  {
    id: "kafka/cluster-right",
    says: "grant this user access to the cluster",
    cannot: "no call of ours needs a right on the cluster: only a broker that is stricter than Kafka asks for one",
  },
  { id: "kafka/broker-2.5", says: "use a broker of version 2.5 or later", cannot: "the stack has Kafka 4 only" },
  {
    id: "kafka/no-partitions",
    says: "choose at least one partition",
    by: [["test/integration/kafka/remedies.test.ts", "have a partition"]],
  },
  {
    id: "kafka/replication-factor",
    says: "start as many brokers as the replication factor says",
    cannot: "the stack has one broker",
  },
  {
    id: "kafka/topic-setting",
    says: "correct the topic settings named in the message",
    by: [["test/integration/kafka/remedies.test.ts", "have settings that Kafka allows"]],
  },
  {
    id: "kafka/transaction-timeout",
    says: "choose a transaction timeout below transaction.max.timeout.ms of the broker",
    by: [["test/integration/kafka/remedies.test.ts", "have timeouts that the broker allows"]],
  },
  {
    id: "kafka/transactional-id-right",
    says: "give this user the right Write on the transactional id",
    by: [["test/integration/kafka/rights.test.ts", "a transactional id opens no producer with it"]],
  },
  {
    id: "kafka/no-such-partition",
    says: "write to a partition that the topic has",
    by: [["test/integration/kafka/remedies.test.ts", "go to a partition that there is"]],
  },
  {
    id: "kafka/out-of-range",
    says: "the records after the committed offset are gone: they were deleted by retention before they were read; reset the group on purpose",
    by: [["test/integration/kafka/remedies.test.ts", "that are gone are passed over on purpose only"]],
  },
  {
    id: "kafka/no-partition-to-read",
    says: "name a partition that the topic has, or give this user the right Describe on the topic",
    by: [
      [
        "test/integration/kafka/rights.test.ts",
        "a topic that it may not even know cannot be told from one that is not there",
      ],
    ],
  },
  {
    id: "kafka/unknown-code",
    says: "look the code up in librdkafka's error list and report it",
    cannot: "only a code that no client of today gives brings it about",
  },
  {
    id: "kafka/client-without-zstd",
    says: "the topic is compressed with zstd, and the Kafka client was built without it: install libzstd-dev and build it again (npm rebuild @confluentinc/kafka-javascript), nothing is lost meanwhile",
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "kafka/compression",
    says: "set compression.type of this topic to producer (Kafka's default) or lz4, and write it again: `third-umpire reset` starts over",
    cannot: "Kafka has no compression but those that are read",
  },
  {
    id: "kafka/reader-refused",
    says: "look the number up in kafka.apache.org/protocol and report it",
    cannot: "only a number that no broker of today answers brings it about",
  },
  {
    id: "kafka/record-format",
    says: "read it with a broker and a topic of Kafka 0.11 or later",
    cannot: "the stack has Kafka 4 only, which writes no older format",
  },
  {
    id: "engine/names-too-long",
    says: "use shorter ones, at most 500 bytes together",
    by: [["test/unit/processor/remedies.test.ts", "names that are too long together are made shorter"]],
  },
  {
    id: "start/session-timeout",
    says: "choose {} ms or more, leave it out, or lower group.min.session.timeout.ms of the brokers",
    by: [["test/unit/processor/remedies.test.ts", "a session timeout that is too short"]],
  },
  {
    id: "start/transaction-timeout",
    says: "choose {} ms or less, leave it out, or raise transaction.max.timeout.ms of the brokers",
    by: [["test/unit/processor/remedies.test.ts", "a transaction timeout that is too long"]],
  },
  {
    id: "start/commit-bound",
    says: "give {} a whole number of {} or more, or leave it out: it is {} then",
    by: [["test/unit/processor/remedies.test.ts", "a bound that no commit comes to"]],
  },
  {
    id: "start/commit-interval",
    says: "commit at least every {} ms, or raise the transaction timeout",
    by: [["test/unit/processor/remedies.test.ts", "a commit interval that outlasts the transaction"]],
  },
];
