/**
 * What the command line tells a person who is stuck, done word by word with the commands themselves, on real servers. One
 * stack for all tests of this file, which build on one another: starting its servers is what takes long, so those that
 * are stuck in one and the same state are got out of it together.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/local/doctor.ts";
import { type CliStack, cliStack, eventually } from "../support/cli.ts";
import { remedyWorks, Told } from "../support/remedies/works.ts";
import { writeSpoiltMatches } from "../support/spoilt-matches.ts";
import { afterAllOf } from "../support/together.ts";

const LONG_MS = 300_000;
const MATCH = ["--odi", "data/odi", "--match", "660825"];
const ANOTHER = ["--odi", "data/odi", "--match", "65258"];

let stack: CliStack;
let files: string;

beforeAll(async () => {
  stack = await cliStack();
  files = mkdtempSync(join(tmpdir(), "third-umpire-remedies-"));
});

afterAll(async () => {
  await stack.remove();
  rmSync(files, { recursive: true, force: true });
});

/** Throws the remedy in what a command said; without one there is nothing that a person could do. */
function tell(said: string): never {
  const remedy = /\(remedy: (?<text>.*)\)$/mu.exec(said)?.groups?.["text"];
  if (remedy === undefined) throw new Error(said);
  throw new Told(remedy);
}

/** Runs a command; what it printed, or the remedy it told. */
async function command(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await stack.run(args, LONG_MS);
  return code === 0 ? stdout : tell(stderr);
}

/** Starts a part that runs on, until `isWell`; throws the remedy it told when it ends before. */
async function begin(
  args: readonly string[],
  isWell: (out: string) => boolean | Promise<boolean>,
  more: Readonly<Record<string, string>> = {},
): Promise<() => Promise<void>> {
  const { child, ended, out } = stack.start(args, more);
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  await eventually(async () => hasEnded || (await isWell(out())), LONG_MS, out);
  if (hasEnded) tell(out());
  return async () => {
    child.kill("SIGINT");
    await ended;
  };
}

const isRunning = (out: string): boolean => /"state":"running"/u.test(out);

/** A part of the pipeline, started and stopped again. */
async function part(...args: readonly string[]): Promise<void> {
  const stop = await begin(args, isRunning);
  await stop();
}

const play = (...args: readonly string[]): Promise<string> =>
  command("play", "--interval", "0", "--exit-when-done", ...args);

/** `third-umpire run` until it has loaded something; it runs on. No test looks at Superset, which would be fetched each time. */
async function run(): Promise<() => Promise<void>> {
  return await begin(["run", "--no-superset"], (out) => /loaded [1-9]/u.test(out));
}

describe("where nothing has run", { timeout: LONG_MS }, () => {
  let stopRun = (): Promise<void> => Promise.resolve();
  afterAll(async () => {
    await stopRun();
  });

  test("status names the command that starts it all", async () => {
    const attempt = async (): Promise<void> => {
      const said = await command("status");
      if (said.startsWith("nothing runs")) throw new Told(said.trim());
      expect(said).toMatch(/^kafka .* ready/mu);
    };
    const start = async (): Promise<void> => void (stopRun = await run());
    await remedyWorks("status/nothing", { attempt, does: { "start with: third-umpire run": start } });
  });

  test("reset asks, or is told beforehand", async () => {
    const args = ["reset"];
    const said = await remedyWorks("reset/asks", {
      attempt: () => command(...args),
      does: { "add --yes": () => args.push("--yes") },
    });
    expect(said).toContain("warehouse");
    await stopRun();
  });

  test("a start that was broken off is made again when its log has said by whom", async () => {
    let isEnded = true;
    const attempt = async (): Promise<void> => {
      const { ended, out } = stack.start(["up"]);
      if (isEnded) {
        await eventually(async () => /^kafka .*starting/mu.test(await command("status")), LONG_MS, out);
        await command("down");
      }
      const { code, stderr } = await ended;
      if (code !== 0) tell(stderr);
    };
    const read = (): void => {
      const log = readFileSync(join(stack.settings.localDir, "logs", "up.log"), "utf8");
      expect(log).toMatch(/^stopped by SIGTERM before/mu);
      isEnded = false;
    };
    await remedyWorks("up/broken-off", { attempt, does: { "see ": read } });
  });

  test("commands that look, and the live page, want a processor to have run", async () => {
    const page = async (): Promise<void> => {
      const line = (await command("status")).split("\n").find((each) => each.startsWith("live page")) ?? "";
      if (line.includes("not there")) throw new Told(line);
    };
    /** `run` where no Python fits Superset, as doctor finds. */
    const withoutSuperset = async (): Promise<() => Promise<void>> => {
      const path = `${folderOfPythons()}:${process.env["PATH"]}`;
      const args = ["run"];
      const isWell = (out: string): boolean => out.includes("no Superset:") || /loaded [1-9]/u.test(out);
      const attempt = async (): Promise<() => Promise<void>> => {
        const said: string[] = [];
        const stop = await begin(args, (out) => said.push(out) > 0 && isWell(out), { PATH: path });
        if (!said.at(-1)!.includes("no Superset:")) return stop;
        await stop();
        const { stdout } = await stack.run(["doctor", "--json"], LONG_MS, { PATH: path });
        const { findings } = JSON.parse(stdout) as { findings: Finding[] };
        throw new Told(findings.find(({ name }) => name === "Superset")!.remedy!);
      };
      return await remedyWorks("doctor/leave-no", {
        attempt,
        does: { "or leave it out with --no-superset": () => args.push("--no-superset") },
      });
    };
    const runs = afterAllOf(2, async () => {
      stopRun = await withoutSuperset();
    });
    const [verdicts] = await Promise.all([
      remedyWorks("topics/nothing-processed", {
        attempt: () => command("verdicts"),
        does: { "`third-umpire run` does it all": runs },
      }),
      remedyWorks("status/no-live-page", { attempt: page, does: { "third-umpire run": runs } }),
    ]);
    expect(verdicts).toContain("accepted");
    await stopRun();
    const loader = async (): Promise<void> => void (stopRun = await begin(["loader"], isRunning));
    await remedyWorks("status/no-live-page", { attempt: page, does: { "third-umpire loader": loader } });
    await stopRun();
    await command("reset", "--yes");
    await command("up");
  });
});

/** Pythons as a distribution has them that puts venv into a package of its own, which is not installed. */
function folderOfPythons(): string {
  const folder = join(files, "pythons");
  mkdirSync(folder, { recursive: true });
  for (const name of ["python3.11", "python3.12", "python3", "python"])
    writeFileSync(join(folder, name), '#!/bin/sh\necho "No module named ensurepip" >&2\nexit 1\n', { mode: 0o755 });
  return folder;
}

describe("with a match that was played", { timeout: LONG_MS }, () => {
  test("there is a warehouse to read only when something was loaded", async () => {
    const some = (): Promise<string> => play(...MATCH);
    const cards = await remedyWorks("warehouse/none", {
      attempt: () => command("scorecards"),
      does: { "`third-umpire play` loads some matches": some },
    });
    expect(cards).toContain("Canada");
  });

  test("a play wants a folder", async () => {
    const args: string[] = [];
    const name = (): void => void args.push(...ANOTHER);
    await remedyWorks("play/nothing", { attempt: () => play(...args), does: { "name a folder with --odi": name } });
  });

  test("what was played is played once more when that is asked", async () => {
    const args: string[] = [];
    const attempt = async (): Promise<void> => {
      const { stderr, stdout } = await stack.run(
        ["play", "--interval", "0", "--exit-when-done", ...MATCH, ...args],
        LONG_MS,
      );
      const line = `${stdout}${stderr}`.split("\n").find((each) => each.includes("played before"));
      if (line !== undefined) throw new Told(line);
    };
    await remedyWorks("play/all-played", {
      attempt,
      does: { "--again plays them once more": () => args.push("--again") },
    });
  });

  test("the audit and commands want the servers", async () => {
    await command("down");
    /** What `cloud-check` finds missing of one server. */
    const check = (source: string) => async (): Promise<void> => {
      const { code, stdout } = await stack.run(["cloud-check", source, "--json"], LONG_MS);
      const { checks } = JSON.parse(stdout) as { checks: { state: string; remedy: string }[] };
      if (code !== 0) throw new Told(checks.find(({ state }) => state === "missing")!.remedy);
    };
    const up = afterAllOf(6, () => command("up"));
    const [audit] = await Promise.all([
      remedyWorks("audit/no-servers", {
        attempt: () => command("audit"),
        does: { "start the servers: third-umpire up": up },
      }),
      remedyWorks("cli/refused", {
        attempt: () => command("verdicts"),
        does: { "start the local stack with `third-umpire up`": up },
      }),
      remedyWorks("cloud/kafka-unreachable", {
        attempt: check("kafka"),
        does: { "third-umpire up starts the local one": up },
      }),
      remedyWorks("cloud/refused-local", {
        attempt: check("postgres"),
        does: { "third-umpire up starts the local one": up },
      }),
      remedyWorks("cloud/mongodb-local", {
        attempt: check("mongodb"),
        does: { "third-umpire up starts the local one": up },
      }),
      remedyWorks("cloud/endpoint-gone", {
        attempt: check("lambda"),
        does: { "third-umpire up starts the local one": up },
      }),
    ]);
    expect(audit).toContain("Nothing was lost");
  });

  test("a partition is one that there is", async () => {
    const choose = async (name: string): Promise<void> => {
      let partition = "9";
      await remedyWorks("partition/none", {
        attempt: () => command(name, "--partition", partition),
        does: { "choose one from 0 to 3": () => void (partition = "3") },
      });
    };
    await Promise.all([choose("state"), choose("verdicts")]);
  });

  test("an instance has a name of plain characters", async () => {
    let instance = "a b";
    const rename = (): void => void (instance = "a-b.1");
    await remedyWorks("processor/instance", {
      attempt: () => part("processor", "--instance", instance),
      does: { "letters, digits, dots, dashes and underscores, at most 61": rename },
    });
  });

  test("a feed has one source, and each has a feed", async () => {
    let feeds = [["--odi", "data/odi", "--test", "data/test"]];
    const each = (): void =>
      void (feeds = [
        ["--odi", "data/odi"],
        ["--test", "data/test"],
      ]);
    const attempt = async (): Promise<void> => {
      for (const args of feeds) await command("feed", "--interval", "0", ...args);
    };
    await remedyWorks("feed/two-sources", { attempt, does: { "start one feed for each": each } });
  });

  test("while a play goes on, another and a loader wait until it was stopped", async () => {
    const slow = ["play", ...MATCH, "--again", "--interval", "1s"];
    const stop = await begin(slow, (out) => /loaded [1-9]/u.test(out));
    const down = afterAllOf(2, async () => {
      await command("down");
      await stop();
      await command("up");
    });
    const loader = remedyWorks("loader/second-loader", {
      attempt: () => part("loader"),
      does: { "stop it with `third-umpire down`": down },
    });
    // One after the other, as each of them has a loader.
    const downAndAfterwards = (): Promise<unknown> => Promise.all([down(), loader]);
    await Promise.all([
      loader,
      remedyWorks("up/running-already", {
        attempt: () => play(...MATCH),
        does: { "stop it with: third-umpire down": downAndAfterwards },
      }),
    ]);
  });
});

describe("records in quarantine", { timeout: LONG_MS }, () => {
  let repaired: string;
  let readable: number | undefined;
  beforeAll(async () => {
    const folder = join(files, "spoilt");
    readable = writeSpoiltMatches(folder).find(({ id }) => id === "9000004")?.deliveries;
    for (const name of readdirSync(folder)) if (!name.startsWith("9000004")) rmSync(join(folder, name));
    await command("up");
    await play("--odi", folder);
    repaired = join(files, "repaired.json");
  }, LONG_MS);

  const listed = async (): Promise<string> =>
    /^(?<id>cricket\S+)/mu.exec(await command("quarantine", "list"))!.groups!["id"]!;

  test("are judged like any other when they were repaired as the list says", async () => {
    const id = await listed();
    const attempt = async (): Promise<void> => {
      await play(...MATCH);
      const query = "SELECT count(*)::INTEGER AS balls FROM deliveries WHERE match_id = '9000004'";
      const [row] = JSON.parse(await command("sql", query, "--json")) as { balls: number }[];
      if (row?.balls === readable) throw new Told((await command("quarantine", "list")).trim().split("\n").at(-1)!);
    };
    let value = "";
    const show = async (): Promise<void> => void (value = await command("quarantine", "show", id, "--raw"));
    const retry = async (): Promise<void> => {
      writeFileSync(repaired, value.replace('"runs_off_bat":"77"', '"runs_off_bat":"0"'));
      await command("quarantine", "retry", id, "--value", repaired);
    };
    await remedyWorks("quarantine/repair", {
      attempt,
      does: { "third-umpire quarantine show ID --raw > file": show, "then retry ID --value file": retry },
    });
  });

  test("are named by ids that the list prints", async () => {
    for (const wrong of ["7", "cricket.odi.raw/0/999999"]) {
      let id = wrong;
      const look = async (): Promise<void> => void (id = await listed());
      const attempt = (): Promise<string> => command("quarantine", "show", id);
      if (wrong === "7")
        await remedyWorks("quarantine/no-id", {
          attempt,
          does: { "`third-umpire quarantine list` prints them": look },
        });
      else
        await remedyWorks("quarantine/not-there", {
          attempt,
          does: { "`third-umpire quarantine list` shows what is": look },
        });
    }
  });

  test("are repaired with a file that is there, and not too large", async () => {
    const id = await listed();
    let file = join(files, "nothing");
    const attempt = (): Promise<string> => command("quarantine", "retry", id, "--value", file);
    const value = await command("quarantine", "show", id, "--raw");
    const give = (): void => {
      writeFileSync(repaired, value.replace('"runs_off_bat":"77"', '"runs_off_bat":"0"'));
      file = repaired;
    };
    await remedyWorks("quarantine/no-file", { attempt, does: { "give the file with the repaired value": give } });
    file = join(files, "large");
    writeFileSync(file, Buffer.alloc(21 * 1024 * 1024));
    await remedyWorks("quarantine/large-file", { attempt, does: { "a record may have 20 MB at most": give } });
  });
});

describe("topics and warehouse that do not belong together", { timeout: LONG_MS }, () => {
  test("begin anew", async () => {
    const warehouse = join(files, "kept");
    cpSync(stack.settings.warehouseDir, warehouse, { recursive: true });
    const anew = async (): Promise<void> => {
      await command("reset", "--yes");
      await command("up");
      await play(...MATCH);
    };
    await anew();
    rmSync(stack.settings.warehouseDir, { recursive: true });
    cpSync(warehouse, stack.settings.warehouseDir, { recursive: true });
    await remedyWorks("loader/topic-made-again", {
      attempt: () => part("loader"),
      does: { "`third-umpire reset` both": anew },
    });
    expect(await command("scorecards")).toContain("Canada");
  });
});
