import type { Entry } from "./register.ts";

export const COMMAND_LINE: readonly Entry[] = [
  {
    id: "quarantine/original-gone",
    says: "take the value from its source again, and send it with --value FILE",
    by: [["test/unit/cli/quarantine.test.ts", "retry of a large record that its topic no longer has"]],
  },
  {
    id: "settings/unknown",
    says: "did you mean {}? .env.example lists all",
    by: [["test/unit/cli/remedies.test.ts", "a name that is wrong is one that is there"]],
  },
  {
    id: "settings/wrong-value",
    says: "correct {} in .env or in the environment",
    by: [["test/unit/cli/remedies.test.ts", "a value that is wrong is corrected"]],
  },
  {
    id: "settings/open-page",
    says: "set TU_DASHBOARD_TOKEN to a secret of at least 16 characters without spaces, or serve the page on 127.0.0.1",
    by: [["test/unit/cli/remedies.test.ts", "a page that others can reach has a token, or is not to be reached"]],
  },
  {
    id: "settings/host-open-to-others",
    says: "TU_DASHBOARD_HOST is {}: others could read the page and stop servers",
    noRemedy: "the cause; the remedy stands beside it",
  },
  {
    id: "cli/refused",
    says: "start the local stack with `third-umpire up`, or check the address in .env",
    by: [["test/e2e/remedies.test.ts", "the audit and commands want the servers"]],
  },
  {
    id: "cli/host",
    says: "check the host name in .env",
    by: [["test/unit/cli/remedies.test.ts", "a host that is not there is checked"]],
  },
  {
    id: "cli/port-taken",
    says: "`third-umpire doctor` shows who holds the port; ports are set in .env",
    by: [["test/unit/cli/remedies.test.ts", "a port that is taken: doctor says so, and another is set"]],
  },
  {
    id: "cli/owner",
    says: "check who owns the file or folder, then run it again",
    by: [["test/unit/cli/remedies.test.ts", "a file of another is given to whoever runs the command"]],
  },
  {
    id: "cli/disk-full",
    says: "free some disk space; `third-umpire doctor` shows how much is needed",
    by: [["test/unit/cli/remedies.test.ts", "a disk that is full gets space"]],
  },
  {
    id: "cli/path",
    says: "check the path",
    by: [["test/unit/cli/remedies.test.ts", "a path that is not there is checked"]],
  },
  { id: "cli/remedy", says: " (remedy: {})", noRemedy: "the frame that any remedy is printed in" },
  {
    id: "cli/help",
    says: "`--help` lists what there is",
    by: [["test/unit/cli/remedies.test.ts", "a command is one that there is"]],
  },
  {
    id: "scorecards/no-such-match",
    says: "`third-umpire scorecards` lists all of them",
    by: [["test/unit/cli/remedies.test.ts", "a match is one that is there"]],
  },
  {
    id: "feed/no-such-match",
    says: "choose one that is there, e.g. {}",
    by: [["test/unit/feed/remedies.test.ts", "a match that is not there is one that is"]],
  },
  {
    id: "feed/deletions-held",
    says: "if the file is right: play it with --accept-deletions; else put the right one there",
    by: [["test/integration/feed/editions.test.ts", "an edition that would delete much waits until somebody agrees"]],
  },
  {
    id: "feed/file-gone",
    says: "put the file back, or make it readable, and start the feed again",
    by: [["test/unit/feed/remedies.test.ts", "a file that is gone is put back"]],
  },
  {
    id: "feed/no-folder",
    says: "give a folder of {} with {}",
    by: [["test/unit/feed/remedies.test.ts", "a folder that is not there is another one"]],
  },
  {
    id: "feed/folder-of-nothing",
    says: "give a folder that does with {}",
    by: [["test/unit/feed/remedies.test.ts", "a folder without matches is one that has some"]],
  },
  {
    id: "feed/second-feed",
    says: "stop the other `third-umpire feed` first",
    by: [["test/unit/feed/remedies.test.ts", "a store that another feed writes is written when that one was stopped"]],
  },
  {
    id: "fetch/disk-full",
    says: "make room and run the same command again: it goes on where it stopped; or another folder with --dir",
    by: [["test/unit/fetch/remedies.test.ts", "before all has arrived"]],
  },
  {
    id: "fetch/server-failed",
    says: "run the same command again: it goes on where it stopped",
    by: [["test/unit/fetch/remedies.test.ts", "a server that falls silent, and answers the next time"]],
  },
  {
    id: "fetch/no-archive",
    says: "the archive may have another name by now: look at {}, and give its address with --url",
    by: [["test/unit/fetch/remedies.test.ts", "an archive of another name"]],
  },
  {
    id: "fetch/proxy-certificate",
    says: "behind a proxy that opens TLS, name its certificate in NODE_EXTRA_CA_CERTS",
    by: [["test/unit/fetch/remedies.test.ts", "a proxy that opens TLS"]],
  },
  {
    id: "fetch/no-network",
    says: "check the network and run the same command again; or download {} elsewhere, unpack it into a folder, and name the folder to play",
    by: [["test/unit/fetch/remedies.test.ts", "no network, and then one"]],
  },
  {
    id: "fetch/address",
    says: "give an http address that ends in .zip, such as those of {}",
    by: [["test/unit/fetch/remedies.test.ts", "an address that is none of an archive"]],
  },
  {
    id: "fetch/own-files",
    says: "give an empty or a new folder with --dir",
    by: [["test/unit/fetch/remedies.test.ts", "a folder with a person's own files"]],
  },
  {
    id: "fetch/disk-full-unpacking",
    says: "make room and run the same command again, or another folder with --dir",
    by: [["test/unit/fetch/remedies.test.ts", "while it is unpacked"]],
  },
  {
    id: "fetch/damaged",
    says: "remove it and run the same command again; the folder is as it was",
    by: [["test/unit/fetch/remedies.test.ts", "an archive that is damaged"]],
  },
  {
    id: "feed/two-sources",
    says: "start one feed for each",
    by: [["test/e2e/remedies.test.ts", "a feed has one source, and each has a feed"]],
  },
  {
    id: "fetch/play-third",
    says: "play them with: third-umpire play {} {}",
    noRemedy: "said when all is well, as the next step after a download",
  },
  { id: "play/nothing", says: "name a folder with {}", by: [["test/e2e/remedies.test.ts", "a play wants a folder"]] },
  {
    id: "play/see-third",
    says: "See them: third-umpire scorecards",
    noRemedy: "said when all is well, as the next step after a play",
  },
  {
    id: "play/run-again",
    says: "Run it again to go on where it was; third-umpire scorecards shows what is in.",
    noRemedy: "said of a play that was ended with Ctrl-C; that it goes on is tested with the feed",
  },
  {
    id: "play/audit-differences",
    says: "Audit: {} differences without an explanation; third-umpire audit lists them.",
    noRemedy: "names the command that lists what was counted",
  },
  {
    id: "processor/instance",
    says: "letters, digits, dots, dashes and underscores, at most 61",
    by: [["test/e2e/remedies.test.ts", "an instance has a name of plain characters"]],
  },
  {
    id: "quarantine/no-id",
    says: "an id looks like cricket.odi.raw/2/1234; `third-umpire quarantine list` prints them",
    by: [["test/e2e/remedies.test.ts", "are named by ids that the list prints"]],
  },
  {
    id: "quarantine/not-there",
    says: "`third-umpire quarantine list` shows what is",
    by: [["test/e2e/remedies.test.ts", "are named by ids that the list prints"]],
  },
  {
    id: "quarantine/no-answer",
    says: "run it once more: if it was, the review finds a duplicate",
    by: [
      [
        "test/integration/cli/quarantine.test.ts",
        "a record whose commit the broker did not answer is sent once more, and judged once",
      ],
    ],
  },
  {
    id: "quarantine/large-file",
    says: "a record may have 20 MB at most",
    by: [["test/e2e/remedies.test.ts", "are repaired with a file that is there, and not too large"]],
  },
  {
    id: "quarantine/no-file",
    says: "give the file with the repaired value",
    by: [["test/e2e/remedies.test.ts", "are repaired with a file that is there, and not too large"]],
  },
  {
    id: "quarantine/repair",
    says: "{} records. Repair one: third-umpire quarantine show ID --raw > file, then retry ID --value file",
    by: [["test/e2e/remedies.test.ts", "are judged like any other when they were repaired as the list says"]],
  },
  { id: "reset/asks", says: "add --yes", by: [["test/e2e/remedies.test.ts", "reset asks, or is told beforehand"]] },
  {
    id: "scorecards/matches-third",
    says: "{} matches; `third-umpire scorecards ID` shows the card of one.",
    noRemedy: "said when all is well, as a hint below a list",
  },
  {
    id: "sql/no-query",
    says: 'try `third-umpire sql "SHOW TABLES"`',
    by: [["test/unit/cli/remedies.test.ts", "a query is one"]],
  },
  {
    id: "sql/wrong-query",
    says: '`third-umpire sql "SHOW ALL TABLES"` lists tables and columns',
    by: [["test/unit/cli/remedies.test.ts", "a query is one"]],
  },
  {
    id: "sql/first-rows",
    says: "The first {} rows are shown; --limit 0 or --csv shows all.",
    noRemedy: "said when all is well, as a hint below a list",
  },
  {
    id: "partition/none",
    says: "choose one from 0 to {}",
    by: [["test/e2e/remedies.test.ts", "a partition is one that there is"]],
  },
  {
    id: "status/nothing",
    says: "nothing runs and nothing ran here; start with: third-umpire run",
    by: [["test/e2e/remedies.test.ts", "status names the command that starts it all"]],
  },
  {
    id: "up/data-logs",
    says: "data and logs below {}; stop with: third-umpire down",
    noRemedy: "said when all is well, as the place of the logs",
  },
  {
    id: "verdicts/shown-limit",
    says: "{} of {} shown; --limit 0 shows all.",
    noRemedy: "said when all is well, as a hint below a list",
  },
  {
    id: "play/folder-of-nothing",
    says: "what belongs there: {}",
    by: [["test/unit/cli/remedies.test.ts", "hold files of their source"]],
  },
  { id: "play/no-folder", says: "give a folder of {}", by: [["test/unit/cli/remedies.test.ts", "are there"]] },
  {
    id: "play/no-such-match",
    says: "choose one that is, e.g. {}",
    by: [["test/unit/cli/remedies.test.ts", "hold the match that is chosen"]],
  },
  {
    id: "play/all-played",
    says: "every match was played before; --again plays them once more",
    by: [["test/e2e/remedies.test.ts", "what was played is played once more when that is asked"]],
  },
  {
    id: "watch/several-matches",
    says: "name one by its id; `third-umpire scorecards` lists them",
    by: [["test/unit/cli/remedies.test.ts", "a match to watch is one"]],
  },
  {
    id: "page/port-taken",
    says: "no live page: port {} is taken; end what has it, or set TU_DASHBOARD_PORT to another",
    by: [["test/unit/dashboard/remedies.test.ts", "a port that is taken is left by its holder, or is another one"]],
  },
  {
    id: "page/no-address",
    says: "no live page: {} is no address of this machine; correct TU_DASHBOARD_HOST",
    by: [["test/unit/dashboard/remedies.test.ts", "an address is one of this machine"]],
  },
  {
    id: "page/port-denied",
    says: "no live page: port {} may not be used; set TU_DASHBOARD_PORT to another",
    by: [["test/unit/dashboard/remedies.test.ts", "a port that may not be used is another one"]],
  },
  {
    id: "openapi/install-package",
    says: "install the package again",
    by: [["test/e2e/package.test.ts", "without its description of the API is installed again"]],
  },
  {
    id: "object-store/give-role",
    says: "give its role s3:PutObject and s3:GetObject: just infra-apply",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "guard/server-localhost",
    says: "this server is 127.0.0.1, localhost or [::1]; set TU_DASHBOARD_TOKEN to call it otherwise",
    by: [["test/unit/dashboard/remedies.test.ts", "a page that is called by another name has a token"]],
  },
  { id: "guard/third-umpire", says: "third-umpire cookie\u0000{}", noRemedy: "the value of a header" },
  {
    id: "app/no-file",
    says: "give the path of the module",
    by: [["test/unit/cli/pipeline.test.ts", "a module that is not there is given by its path"]],
  },
  {
    id: "app/broken",
    says: "make it run with `node FILE` first; TypeScript must be compiled",
    by: [["test/unit/cli/pipeline.test.ts", "a module that does not run is made to run"]],
  },
  {
    id: "app/no-pipeline",
    says: "its default export must be what defineTopology returns, or { name, groupId, topology }",
    by: [["test/unit/cli/pipeline.test.ts", "a module that exports something else exports a pipeline"]],
  },
  {
    id: "app/cricket-only",
    says: "leave {} out; {} work for any pipeline",
    by: [["test/unit/cli/pipeline.test.ts", "a command that knows cricket only says so"]],
  },
  { id: "app/named", says: "third-umpire --app {} ", noRemedy: "what stands in the remedies of others" },
];
