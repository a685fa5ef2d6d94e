import { expect, test } from "@playwright/test";
import { pause } from "../support/time.ts";
import { NETWORKS } from "./network.ts";
import { prelude } from "./prelude.ts";
import { summary } from "./report.ts";
import { sleep } from "./sleep.ts";
import { Stand } from "./stand.ts";

const WAKES = Number(process.env["WAKES"] ?? 12);
const SLEEP_MS = 3_000;
/** Long enough for a page behind the slowest link to be right again. */
const AWAKE_MS = 4_000;
const TOLD_WITHIN_MS = 2.5;

for (const network of NETWORKS) {
  test(`wakes behind ${network.name}`, async () => {
    const stand = await Stand.up(network);
    const context = await stand.browser.newContext();
    await context.addInitScript(prelude, { skew_ms: 0, sleeps: true });
    const sale = await stand.merchant.publishedSale({ starts_in_ms: 600_000 });
    const page = await context.newPage();
    await page.goto(`${stand.origin}/items/${sale.slug}`);
    await expect.poll(() => page.evaluate(() => watched.told.length), { timeout: 30_000 }).toBeGreaterThan(0);
    await pause(AWAKE_MS);

    const right_after_ms: number[] = [];
    let untrue = 0;
    for (let wake = 0; wake < WAKES; wake += 1) {
      const woke_ms = await sleep(stand.browser, SLEEP_MS);
      await pause(AWAKE_MS + Math.random() * 500);
      const told = (await page.evaluate(() => watched.told)).filter(({ at_ms }) => at_ms >= woke_ms);
      untrue += told.filter(({ offset_ms, bound_ms }) => Math.abs(offset_ms) > bound_ms + TOLD_WITHIN_MS).length;
      right_after_ms.push((told[0]?.at_ms ?? Infinity) - woke_ms);
    }
    const { p50, p95, worst, count } = summary(right_after_ms);
    console.log(`\n| ${network.name} | right again after ${p50} ms (p50), ${p95} ms (p95), ${worst} ms (worst) of ${count} wakes | ${untrue} untrue |\n`);
    await stand.down();
    expect(untrue, "tellings after a wake that were not true").toBe(0);
  });
}
