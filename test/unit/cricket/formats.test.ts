import { describe, expect, test } from "vitest";
import { scoredMatchJson, scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import { documentSets, idOf, matchFiles, readAnyMatch } from "../../support/cricket-files.ts";

function card(dir: string, file: string): unknown {
  const { match, deliveries } = readAnyMatch(dir, file);
  return JSON.parse(scoredMatchJson(scoreMatch(match, deliveries)));
}

describe("cards from JSON, YAML and the original CSV equal those of an independent scorer", () => {
  for (const { name, dir, expected } of documentSets()) {
    test(`all ${expected.size} matches of ${name}`, { timeout: 300_000 }, () => {
      const files = matchFiles(dir);
      expect(files.length).toBeGreaterThanOrEqual(3);
      expect(files.map(idOf)).toEqual([...expected.keys()].sort());
      for (const file of files) expect(card(dir, file), `match ${file}`).toEqual(expected.get(idOf(file)));
    });
  }
});
