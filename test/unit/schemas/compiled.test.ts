import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileSchemas, readSchemas } from "../../../scripts/compile-schemas.ts";
import * as compiled from "../../../src/schemas/compiled.ts";
import { checkSchema, problemText } from "../../../src/schemas/validate.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { plainRow } from "../../support/cricket.ts";

const checkedIn = readFileSync(packageFile("src/schemas/compiled.ts"), "utf8");

describe("the compiled schemas", () => {
  it("are those of the JSON files beside them (npm run compile:schemas)", () => {
    expect(compileSchemas()).toBe(checkedIn);
  });

  it("would be found out of step by one changed word of a schema", () => {
    const schemas = readSchemas();
    const changed = JSON.stringify(schemas["odi-delivery.schema.json"]).replaceAll('"striker"', '"batter"');
    expect(compileSchemas({ ...schemas, "odi-delivery.schema.json": JSON.parse(changed) as object })).not.toBe(
      checkedIn,
    );
  });

  it("refuse a schema with a keyword that does not exist", () => {
    const schemas = { ...readSchemas(), "odi-delivery.schema.json": { type: "object", require: ["ball"] } };
    expect(() => compileSchemas(schemas)).toThrow(/unknown keyword/);
  });

  it("need nothing at run time", () => {
    expect(checkedIn.match(/\bimport\b.*/g)).toEqual(['import type { CompiledSchema } from "./validate.ts";']);
    expect(checkedIn).not.toMatch(/\brequire\(/);
  });
});

describe("the first problem of a record", () => {
  it("names the member and what it must be", () => {
    const reasonOf = (schema: (typeof compiled)[keyof typeof compiled], data: unknown): string => {
      try {
        checkSchema(schema, data);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(reasonOf(compiled.odiDelivery, plainRow())).toBe("");
    expect(reasonOf(compiled.odiDelivery, { ...plainRow(), ball: 0.1 })).toBe("ball: must be text");
    expect(reasonOf(compiled.odiDelivery, [])).toBe("the value: must be an object");
    expect(reasonOf(compiled.odiMatch, { match_id: "1" })).toBe("info: is missing");
    expect(reasonOf(compiled.unreadable, { file: "a", line: true, problem: "b" })).toBe(
      "line: must be a whole number or text",
    );
    expect(
      reasonOf(compiled.t20iMatch, { match_id: "1", match: { meta: { data_version: "1" }, info: {}, innings: [] } }),
    ).toBe("match.info.teams: is missing");
  });

  it("is one line, however the member is called", () => {
    const problem = { instancePath: "/a~1b\n~0c", keyword: "type", params: { type: "string" } };
    expect(problemText(problem)).toBe("a/b\n~c: must be text");
    const schema = Object.assign(() => false, { errors: [{ ...problem, instancePath: "/a\nb" }] });
    expect(() => checkSchema(schema, {})).toThrow(/^a\\nb: must be text$/);
  });

  it("has words for rules that no schema has yet", () => {
    expect(problemText({ instancePath: "/x", keyword: "maximum", params: { limit: 3 } })).toBe(
      'x: breaks the rule "maximum" {"limit":3}',
    );
  });
});
