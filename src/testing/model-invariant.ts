/** The model reached a state that Kafka cannot be in: a bug of the model, or a test that bent it too far. */
export class ModelInvariantError extends Error {
  override readonly name = "ModelInvariantError";
}

export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ModelInvariantError(what);
}
