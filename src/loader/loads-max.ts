/** Transactions that are under way or wait for their turn, at most: while DuckDB writes a checkpoint, the next ones are worked out. */
export const LOADS_MAX = 3;
