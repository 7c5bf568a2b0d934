/** What a broker answered to one of our own requests, with its code: src/kafka/confluent/errors.ts has the reaction to each. */
export class ResponseError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(names.get(code) ?? "the broker answered with an error");
    this.name = "ResponseError";
    this.code = code;
  }
}

/** Of the requests about groups. */
const names: ReadonlyMap<number, string> = new Map([
  [14, "COORDINATOR_LOAD_IN_PROGRESS"],
  [15, "COORDINATOR_NOT_AVAILABLE"],
  [16, "NOT_COORDINATOR"],
  [24, "INVALID_GROUP_ID"],
  [30, "GROUP_AUTHORIZATION_FAILED"],
]);
