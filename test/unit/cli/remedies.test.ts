import { lookup } from "node:dns/promises";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { toFailure } from "../../../src/cli/errors.ts";
import { choosePlays } from "../../../src/cli/play/choose.ts";
import { MatchWatcher } from "../../../src/cli/watch/match-view.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { parseSettings } from "../../../src/settings.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  recordBatch,
  topicsNamed,
} from "../../support/clean-records.ts";
import { command, told } from "../../support/command.ts";
import { loadPlan } from "../../support/load-plan.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { smallDisk } from "../../support/small-disk.ts";

/* What commands answer who were asked wrongly: what they name instead is asked, and answered. */

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tu-cli-"));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe("settings", () => {
  test("a name that is wrong is one that is there", async () => {
    const env: Record<string, string> = { TU_KAFKA_BROKER: "other:9092" };
    const rename = (): void => {
      delete env["TU_KAFKA_BROKER"];
      env["TU_KAFKA_BROKERS"] = "other:9092";
    };
    const settings = await remedyWorks("settings/unknown", {
      attempt: () => parseSettings(env, root),
      does: { "did you mean TU_KAFKA_BROKERS": rename },
    });
    expect(settings.brokers).toBe("other:9092");
  });

  test("a value that is wrong is corrected", async () => {
    const env = { TU_PARTITIONS: "none" };
    const attempt = (): unknown => parseSettings(env, root);
    await remedyWorks("settings/wrong-value", {
      attempt,
      does: { "correct TU_PARTITIONS": () => (env.TU_PARTITIONS = "4") },
    });
  });

  test("a page that others can reach has a token, or is not to be reached", async () => {
    const env: Record<string, string> = { TU_DASHBOARD_HOST: "0.0.0.0" };
    const attempt = (): unknown => parseSettings(env, root);
    const loopback = (): void => void (env["TU_DASHBOARD_HOST"] = "127.0.0.1");
    await remedyWorks("settings/open-page", { attempt, does: { "serve the page on 127.0.0.1": loopback } });
    env["TU_DASHBOARD_HOST"] = "0.0.0.0";
    const token = (): void => void (env["TU_DASHBOARD_TOKEN"] = "a-secret-of-24-characters");
    await remedyWorks("settings/open-page", {
      attempt,
      does: { "set TU_DASHBOARD_TOKEN to a secret of at least 16 characters without spaces": token },
    });
  });
});

describe("commands", () => {
  beforeEach(() => {
    vi.stubEnv("TU_LOCAL_DIR", root);
    return () => vi.unstubAllEnvs();
  });

  beforeAll(async () => {
    const topics = topicsNamed("t");
    const warehouse = await Warehouse.open(join(root, "warehouse"), 0);
    await warehouse.start(new Map([topics.deliveries, topics.matches].map((topic) => [`${topic}/0`, 0])), []);
    const matches = ["m1", "m2"].map((id, n) => ({ offset: n, value: json(cleanMatch(match(id), n)) }));
    const balls = ["m1", "m2"].map((id, n) => ({ offset: n, value: json(cleanDelivery(delivery(id, 0), n)) }));
    const batches = [recordBatch(topics.matches, 0, matches), recordBatch(topics.deliveries, 0, balls)];
    await loadPlan(warehouse, planLoad(batches, warehouse.progress, topics));
    await warehouse.checkpoint();
    warehouse.close();
  });

  test("a command is one that there is", async () => {
    let name = "umpire";
    const look = async (): Promise<void> => {
      expect(await command("--help")).toMatch(/^ {2}scorecards /mu);
      name = "scorecards";
    };
    await remedyWorks("cli/help", { attempt: () => command(name), does: { "`--help` lists what there is": look } });
  });

  test("a query is one", async () => {
    let query = "";
    const attempt = (): Promise<string> => command("sql", query);
    const show = (): void => void (query = "SHOW TABLES");
    expect(
      await remedyWorks("sql/no-query", { attempt, does: { 'try `third-umpire sql "SHOW TABLES"`': show } }),
    ).toContain("deliveries");
    query = "SELECT nothing FROM deliveries";
    const list = async (): Promise<void> => {
      expect(await command("sql", "SHOW ALL TABLES")).toContain("match_id");
      query = "SELECT match_id FROM deliveries";
    };
    expect(
      await remedyWorks("sql/wrong-query", {
        attempt,
        does: { '`third-umpire sql "SHOW ALL TABLES"` lists tables and columns': list },
      }),
    ).toContain("m1");
  });

  test("a match is one that is there", async () => {
    let words = "mars";
    const list = async (): Promise<void> => void (words = /\bm\d\b/u.exec(await command("scorecards"))![0]);
    const card = await remedyWorks("scorecards/no-such-match", {
      attempt: () => command("scorecards", words),
      does: { "`third-umpire scorecards` lists all of them": list },
    });
    expect(card).toContain("Zimbabwe");
  });

  test("a match to watch is one", async () => {
    let words = ["zimbabwe"];
    const name = async (): Promise<void> => void (words = [/\bm\d\b/u.exec(await command("scorecards"))![0]]);
    const folders = { warehouseDir: join(root, "warehouse"), runDir: join(root, "run") };
    const view = await remedyWorks("watch/several-matches", {
      attempt: () => new MatchWatcher(folders, words, () => 0).look(),
      does: { "name one by its id; `third-umpire scorecards` lists them": name },
    });
    expect(view.card).toContain("Zimbabwe");
  });

  test("a disk that is full gets space", async () => {
    const disk = await smallDisk(1024 * 1024);
    const filler = join(disk.dir, "filler");
    writeFileSync(filler, Buffer.alloc(1024 * 1024 - 8192));
    const look = async (): Promise<void> => {
      vi.stubEnv("TU_LOCAL_DIR", join(disk.dir, "local"));
      expect(await command("doctor")).toMatch(/disk .*0\.0 GB free .*, needs 2 GB/u);
      vi.stubEnv("TU_LOCAL_DIR", root);
    };
    const folder = join(disk.dir, "export");
    await remedyWorks("cli/disk-full", {
      attempt: () => command("export", "--parquet", folder, "--closed-after", "0"),
      does: {
        "`third-umpire doctor` shows how much is needed": look,
        "free some disk space": () => rmSync(filler),
      },
    });
    expect(readdirSync(folder)).toContain("manifest.json");
    await disk.remove();
  });
});

describe("folders to play", () => {
  const data = packageFile("data/t20i");
  let dir: string;
  let matches: readonly string[];
  beforeEach(() => {
    dir = mkdtempSync(join(root, "folder-"));
    matches = [];
  });

  const attempt = (): Promise<unknown> =>
    choosePlays([{ id: "t20i", dirs: [dir] }], { intervalMs: 0, live: [], matches });
  const good = (): void => void (dir = data);

  test("hold files of their source", async () => {
    const fill = (): void => cpSync(data, dir, { recursive: true });
    await remedyWorks("play/folder-of-nothing", { attempt, does: { "what belongs there: ": fill } });
  });

  test("are there", async () => {
    dir = join(dir, "nothing");
    await remedyWorks("play/no-folder", { attempt, does: { "give a folder of": good } });
  });

  test("hold the match that is chosen", async () => {
    good();
    matches = ["1"];
    let remedy = "";
    const note = async (): Promise<void> => {
      await attempt().catch((error: unknown) => (remedy = toFailure(error)!.remedy!));
      matches = [/e\.g\. (?<id>\d+)/u.exec(remedy)!.groups!["id"]!];
    };
    await remedyWorks("play/no-such-match", { attempt, does: { "choose one that is, e.g. ": note } });
  });
});

describe("errors of the system at the end of a command", () => {
  test("a port that is taken: doctor says so, and another is set", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => holder.once("listening", done));
    const { port } = holder.address() as { port: number };
    const env: Record<string, string> = { TU_LOCAL_DIR: root, TU_KAFKA_PORT: String(port) };
    const listen = (): Promise<void> =>
      new Promise((done, reject) => {
        const server = createServer().once("error", reject);
        server.listen(parseSettings(env, root).kafkaPort, "127.0.0.1", () => server.close(() => done()));
      });
    const look = async (): Promise<void> => {
      vi.stubEnv("TU_LOCAL_DIR", root);
      vi.stubEnv("TU_KAFKA_PORT", String(port));
      const findings = await command("doctor");
      vi.unstubAllEnvs();
      expect(findings).toMatch(new RegExp(`${port}.*taken`, "u"));
    };
    await remedyWorks("cli/port-taken", {
      attempt: () => told(listen),
      does: {
        "`third-umpire doctor` shows who holds the port": look,
        "ports are set in .env": () => (env["TU_KAFKA_PORT"] = String(port + 1)),
      },
    });
    holder.close();
  });

  test("a host that is not there is checked", async () => {
    const env = { TU_LOCAL_DIR: root, TU_POSTGRES_URL: "postgres://a:b@db.nowhere.invalid/c" };
    const attempt = (): Promise<unknown> => told(() => lookup(new URL(parseSettings(env, root).postgresUrl).hostname));
    const check = (): void => void (env.TU_POSTGRES_URL = "postgres://a:b@localhost/c");
    await remedyWorks("cli/host", { attempt, does: { "check the host name in .env": check } });
  });

  test("a file of another is given to whoever runs the command", async () => {
    const file = join(root, "theirs");
    writeFileSync(file, "theirs", { mode: 0 });
    const attempt = (): Promise<string> => told(async () => asOrdinaryUser(() => readFileSync(file, "utf8")));
    const check = (): void => {
      expect(statSync(file).mode & 0o444).toBe(0);
      chmodSync(file, 0o644);
    };
    chmodSync(root, 0o755);
    await remedyWorks("cli/owner", {
      attempt,
      does: { "check who owns the file or folder": check },
    });
  });

  test("a path that is not there is checked", async () => {
    const dir = join(root, "later");
    const { readdir } = await import("node:fs/promises");
    await remedyWorks("cli/path", {
      attempt: () => told(() => readdir(dir)),
      does: { "check the path": () => mkdirSync(dir) },
    });
  });
});
