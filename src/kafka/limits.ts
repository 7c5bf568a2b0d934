/**
 * The largest record that a topic of ours takes, bytes: a row of a source may be large. What goes on with it (the quarantine, the events of a
 * state) must fit, too.
 */
export const MAX_RECORD_BYTES: number = 20 * 1024 * 1024;
