/**
 * Transactions that are written or worked out, at most: one of each, and beside them the next is gathered. A third was no faster, and took 30 MB more.
 */
export const LOADS_MAX = 2;
