/** What went wrong with it; `undefined`: nothing did. For work whose failure is an outcome like any other. */
export function attempt(action: () => void): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
