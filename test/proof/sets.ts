/** The larger sets of matches, where they are at hand, and the cards that they must give. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expectedCards } from "../support/cricket.ts";
import { ROOT } from "../support/cli.ts";

/** The proofs play these sets and no others, so they also look where the sets often lie: beside the clone. */
const BASE: string = process.env["TEST_CRICSHEET"] ?? join(ROOT, "../shared/data/cricsheet");
const REMEDY = "this proof plays the larger sets of matches: name the folder that holds them in TEST_CRICSHEET";

export interface ProofSet {
  readonly source: "odi" | "t20i" | "test";
  readonly dir: string;
  readonly expected: ReadonlyMap<string, unknown>;
}

/** @throws when a set is not there: a proof of fewer matches would be another proof. */
export function proofSets(): readonly ProofSet[] {
  const sets = [
    { source: "t20i", path: "t20i_json", cards: "t20i_json" },
    { source: "odi", path: "odi_csv2", cards: "odi_csv2" },
    { source: "odi", path: "odi_csv2_v21", cards: "odi_csv2_v21" },
    { source: "odi", path: "odi_csv", cards: "odi_csv" },
    { source: "test", path: "test_yaml", cards: "test_yaml" },
    // Four files of one format and one of the other.
    { source: "test", path: "test_yaml/extra_mdm_forfeited", cards: "extra_mdm_forfeited" },
    { source: "t20i", path: "test_yaml/extra_mdm_forfeited", cards: "extra_mdm_forfeited" },
  ] as const;
  return sets.map(({ source, path, cards }) => {
    const dir = join(BASE, path);
    const file = join(BASE, "expected", `${cards}.jsonl`);
    if (!existsSync(dir) || !existsSync(file))
      throw new Error(`${existsSync(dir) ? file : dir} is not there; ${REMEDY}`);
    return { source, dir, expected: expectedCards(file) };
  });
}

/** The scale set, unpacked below `.local` when it is used for the first time. Folders by source. */
export function scaleSets(): Readonly<Record<"odi" | "t20i" | "test", string>> {
  const dir = join(ROOT, ".local", "scale");
  const names = { odi: "odi_csv2_v23", t20i: "t20i_json", test: "test_yaml" } as const;
  if (!existsSync(dir)) {
    const archive = join(BASE, "full-open.tar.zst");
    if (!existsSync(archive)) throw new Error(`${archive} is not there; ${REMEDY}`);
    const draft = `${dir}.draft`;
    mkdirSync(draft, { recursive: true });
    const unpacked = spawnSync("tar", ["--zstd", "-xf", archive, "-C", draft], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (unpacked.status !== 0) throw new Error("tar could not unpack the scale set; it needs zstd");
    renameSync(draft, dir);
  }
  return { odi: join(dir, names.odi), t20i: join(dir, names.t20i), test: join(dir, names.test) };
}

export function filesIn(dir: string): number {
  return readdirSync(dir).length;
}
