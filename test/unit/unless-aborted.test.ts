import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { unlessAborted } from "../../src/unless-aborted.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describe("unlessAborted", () => {
  it("keeps nothing of what a long loop has waited for, while its signal lives", async () => {
    const { signal } = new AbortController();
    const values: WeakRef<object>[] = [];
    for (let turn = 0; turn < 100; turn++) {
      values.push(new WeakRef(await unlessAborted(Promise.resolve({ turn }), signal)));
      await setImmediate();
    }
    collectGarbage();
    await setImmediate();
    collectGarbage();
    const alive = values.filter((value) => value.deref() !== undefined).length;
    expect(signal.aborted).toBe(false);
    expect(alive).toBeLessThan(5);
  });

  it("throws the signal's reason, before as after the promise has been waited for", async () => {
    const abort = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), abort.signal);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(unlessAborted(Promise.resolve(1), abort.signal)).rejects.toThrow("enough");
  });

  it("hands on what the promise comes to, and swallows a failure only when nobody waits any more", async () => {
    const abort = new AbortController();
    await expect(unlessAborted(Promise.resolve(1), abort.signal)).resolves.toBe(1);
    await expect(unlessAborted(Promise.reject(new Error("broken")), abort.signal)).rejects.toThrow("broken");
    let fail: (error: Error) => void = () => undefined;
    const waiting = unlessAborted(
      new Promise((_, reject) => {
        fail = reject;
      }),
      abort.signal,
    );
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    fail(new Error("too late"));
    await setImmediate(); // an unhandled rejection would end this process
  });
});
