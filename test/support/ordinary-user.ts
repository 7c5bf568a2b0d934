/** Nobody in particular. */
export const NOBODY = 65_534;

/** Runs `act` with the rights of an ordinary user: root, as in a container, may read and write everything. */
export async function asOrdinaryUser<T>(act: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await act();
  process.seteuid!(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
  }
}
