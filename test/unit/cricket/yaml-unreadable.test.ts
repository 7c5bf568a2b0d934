import { describe, expect, it } from "vitest";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import { PoisonError } from "../../../src/domain/errors.ts";

describe("an object that the feed made of an unreadable file", () => {
  const text = 'match_id: "7"\nfile: 7.yaml\nline: 12\nraw: eA==\nproblem: "not YAML: bad indentation"\n';

  it("is poison for the reason that stands in it", () => {
    expect(() => parseYamlObject(text)).toThrow(PoisonError);
    expect(() => parseYamlObject(text)).toThrow("7.yaml, line 12: not YAML: bad indentation");
  });

  it("is poison also without a place", () => {
    const placeless = 'match_id: "7"\nproblem: the file is empty\n';
    expect(() => parseYamlObject(placeless)).toThrow("a file, line ?: the file is empty");
  });
});
