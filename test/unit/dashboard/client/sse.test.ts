import fc from "fast-check";
import { expect, it } from "vitest";
import { EventParser } from "../../../../src/dashboard/client/net/sse.ts";

const STREAM =
  ': hello\r\n\r\nretry: 1000\nid: a-1\nevent: ball\ndata: {"a":\ndata:1}\n\ndata: x\r\rid: a-2\n\nid: a-3\ndata\n\n';
const EVENTS = [
  { event: "ball", data: '{"a":\n1}', id: "a-1" },
  { event: "message", data: "x", id: "a-1" },
  { event: "message", data: "", id: "a-3" },
];

it("reads events, their ids and lines of every kind", () => {
  expect(new EventParser().push(STREAM)).toEqual(EVENTS);
});

it("reads the same however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
      const parser = new EventParser();
      const ends = [...cuts, STREAM.length].toSorted((a, b) => a - b);
      const found = ends.flatMap((end, n) => parser.push(STREAM.slice(ends[n - 1] ?? 0, end)));
      expect(found).toEqual(EVENTS);
    }),
  );
});

it("keeps what is not whole to itself", () => {
  expect(new EventParser().push("data: 1\n")).toEqual([]);
});
