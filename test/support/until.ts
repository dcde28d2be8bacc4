const ASK_AGAIN_MS = 100;
/** Within a test's own limit, which does not say what was not seen; far above what any machine takes. */
const PATIENCE_MS = 200_000;

/**
 * Asks again and again until the answer is as wanted, and gives that answer. For what can only be asked: workflows,
 * servers, files. Rejects with the last answer, or the last error, when `timeoutMs` have passed.
 */
export async function until<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs: number = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (wanted(answer)) return answer;
      [last, cause] = [answer, undefined];
    } catch (error) {
      [last, cause] = [String(error), error];
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  throw new Error(`not seen within ${timeoutMs} ms; the last answer: ${JSON.stringify(last)}`, { cause });
}
