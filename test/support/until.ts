const POLL_MS = 20;

/**
 * Waits until a condition is met. A condition that throws is not met yet.
 *
 * @param what describes the condition in the error; a function can include what was last seen
 * @returns the last value of the condition
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string | (() => string),
  timeoutMs = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'nothing';
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const text = typeof what === 'string' ? what : what();
      throw new Error(`waited ${timeoutMs} ms in vain until ${text}; last seen: ${describe(last)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function describe(value: unknown): string {
  return value instanceof Error ? value.message : JSON.stringify(value);
}
