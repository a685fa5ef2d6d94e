import { setTimeout as pause } from "node:timers/promises";

export { pause };

/** Asks until there is an answer; says what it waited for when none comes. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, within_ms = 15_000): Promise<T> {
  const deadline_ms = performance.now() + within_ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline_ms) throw new Error(`Not within ${within_ms} ms: ${what}`);
    await pause(50);
  }
}
