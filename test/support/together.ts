/** One act that `count` wait for: it begins when the last of them asks for it. */
export function afterAllOf(count: number, act: () => Promise<unknown>): () => Promise<unknown> {
  let left = count;
  let begin = (): void => undefined;
  const ended = new Promise<void>((resolve) => (begin = resolve)).then(act);
  return () => {
    left -= 1;
    if (left === 0) begin();
    return ended;
  };
}
