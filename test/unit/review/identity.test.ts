import { beforeAll, describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/domain/review/canonical.ts";
import { eventIdText, IdentityHasher } from "../../../src/domain/review/identity.ts";

describe("event identity", () => {
  let hasher: IdentityHasher;
  beforeAll(async () => {
    hasher = await IdentityHasher.create();
  });
  const idOf = (key: string | Uint8Array, content: string | Uint8Array): string => {
    const words = new Uint32Array(6);
    hasher.identify(key, content, words);
    return eventIdText(words, 0) + eventIdText(words, 2);
  };

  it("is pinned: the same fact has the same id in every release", () => {
    const words = new Uint32Array(6);
    hasher.identify("d/1234/1/3/5", '{"runs":4}', words);
    expect(eventIdText(words)).toMatchInlineSnapshot(`"f5fdd154300425165e7550c59edcc7f4"`);
  });

  it("does not depend on whether text or its UTF-8 bytes are given", () => {
    expect(idOf("d/Fouché", "ü")).toBe(idOf(Buffer.from("d/Fouché"), Buffer.from("ü")));
  });

  it("does not depend on what was hashed before", () => {
    const first = idOf("a", "b");
    idOf("x".repeat(100_000), "y".repeat(5));
    expect(idOf("a", "b")).toBe(first);
  });

  it("tells key from content: moving the boundary gives another id", () => {
    expect(idOf("ab", "c")).not.toBe(idOf("a", "bc"));
    expect(idOf("", "abc")).not.toBe(idOf("abc", ""));
  });
});

describe("canonical content", () => {
  it("sorts keys, drops undefined, writes numbers one way and names in NFC", () => {
    expect(canonicalJson({ b: 1.0, a: [-0, 1e21, null, true], c: undefined, "e\u0301": "e\u0301" })).toBe(
      '{"a":[0,1e+21,null,true],"b":1,"é":"é"}',
    );
  });

  it("refuses what JSON cannot carry", () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
  });
});
