/**
 * Waits for `work`, but no longer than `ms`. The client has calls that never come back (a commit while the
 * coordinator is gone, a second disconnect): the work then goes on unobserved and only the wait ends.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
    // The loser of the race may still fail; whoever waited has been told already.
    work.catch(() => undefined);
  }
}
