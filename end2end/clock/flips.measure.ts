import { test } from "@playwright/test";
import type { Page } from "@playwright/test";
import { pause } from "../support/time.ts";
import { NETWORKS } from "./network.ts";
import { now_ms, servePeers } from "./peers.ts";
import { prelude, type Told } from "./prelude.ts";
import { Report } from "./report.ts";
import { Stand } from "./stand.ts";

const FLIPS = Number(process.env["FLIPS"] ?? 60);
/** Pages that are open at one time. Their starts are apart, and one page's load falls between those of the others. */
const LANES = 3;
/** From the publication to the start: a slow page's load, and the slowest peer's five requests. */
const LEAD_MS = 12_000;
/** The peers' first start comes after ours, and they take a second. */
const PEERS_AFTER_MS = 300;
const ROUND_MS = LEAD_MS + PEERS_AFTER_MS + 1_500;
const SKEWS_MS = [0, 37_000, -180_000];
const PEERS_PORT = 8088;

for (const network of NETWORKS) {
  test(`flips behind ${network.name}`, async () => {
    const stand = await Stand.up(network);
    const stopPeers = await servePeers(stand.host, PEERS_PORT);
    const report = new Report(network.name);
    let begun = 0;

    async function round(number: number): Promise<void> {
      const skew_ms = SKEWS_MS[number % SKEWS_MS.length]!;
      const sale = await stand.merchant.publishedSale({ starts_in_ms: LEAD_MS });
      const context = await stand.browser.newContext();
      await context.addInitScript(prelude, { skew_ms, sleeps: false });
      const [page, peers] = [await context.newPage(), await context.newPage()];
      const peersUrl = `http://${stand.host}:${PEERS_PORT}/?start_ms=${sale.starts_at_ms + PEERS_AFTER_MS}&turn=${number}`;
      const over = pause(sale.starts_at_ms - now_ms() + ROUND_MS - LEAD_MS);
      await Promise.all([page.goto(`${stand.origin}/items/${sale.slug}`), peers.goto(peersUrl)]);
      await over;
      const ours = await seenBy(page);
      if (ours.flipped_at_ms === undefined) throw new Error("Buy was not enabled");
      report.flip("Stampede", ours.flipped_at_ms - sale.starts_at_ms);
      report.told(ours.told, skew_ms);
      const drift_ms = (await seenBy(peers)).drift_ms;
      const flips = await peers.evaluate(() => (globalThis as unknown as PeersPage).flips);
      for (const [name, { at_ms, target_ms }] of Object.entries(flips)) {
        report.flip(name, (await epochOf(peers)) + at_ms + drift_ms - target_ms);
      }
      // It would flip as early as the visitor's clock is fast, or as late as it is slow: no need to wait for that.
      report.flip("Date", -skew_ms);
      await context.close();
    }

    async function lane(number: number): Promise<void> {
      await pause((number * ROUND_MS) / LANES);
      while (begun < FLIPS) await round(begun++);
    }

    try {
      await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
    } finally {
      stopPeers();
      report.note(await stand.down());
    }
    report.close();
  });
}

interface PeersPage {
  flips: Record<string, { at_ms: number; target_ms: number }>;
}

function epochOf(page: Page): Promise<number> {
  return page.evaluate(() => performance.timeOrigin);
}

/** What a page's watcher saw, on the machine's clock. A page's time origin may be off by what the wall clock was led since. */
async function seenBy(page: Page): Promise<{ flipped_at_ms: number | undefined; told: Told[]; drift_ms: number }> {
  return page.evaluate(() => {
    const drifts_ms: number[] = [];
    for (let edge = 0; edge < 9; edge += 1) {
      const before = watched.machine_ms();
      while (watched.machine_ms() === before);
      drifts_ms.push(watched.machine_ms() - watched.epoch_ms());
    }
    const drift_ms = drifts_ms.sort((a, b) => a - b)[4]!;
    const { flipped_at_ms, told } = watched;
    return {
      flipped_at_ms: flipped_at_ms === undefined ? undefined : flipped_at_ms + drift_ms,
      told: told.map((one) => ({ ...one, at_ms: one.at_ms + drift_ms })),
      drift_ms,
    };
  });
}
