import { chromium, type Page } from "@playwright/test";
import { prelude, type Told } from "../clock/prelude.ts";
import { sleep } from "../clock/sleep.ts";
import { expect, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/guard.ts";
import { Merchant } from "../support/merchant.ts";
import { ItemPage } from "../support/pages.ts";
import { Shop } from "../support/shop.ts";
import { pause } from "../support/time.ts";

// How well the clock does is measured behind bad links by `make clock`; here is only what must be true anywhere.

/** `data-clock-offset-ms` is told against a wall clock of whole milliseconds, and not anew for a change of one. */
const TOLD_WITHIN_MS = 2.5;
const SLEEP_MS = 2_500;

/** Nothing that the page has told of its clock was further off than it said. Answers with how often it told. */
async function expectTrueTellings(page: Page, skew_ms: number): Promise<number> {
  const told = await page.evaluate(() => watched.told);
  expectTrue(told, skew_ms);
  return told.length;
}

function expectTrue(told: Told[], skew_ms: number): void {
  const lies = told.filter(({ offset_ms, bound_ms }) => Math.abs(offset_ms + skew_ms) > bound_ms + TOLD_WITHIN_MS);
  expect(lies, "tellings of the clock that were not true").toEqual([]);
}

async function untilTold(page: Page, more_than = 0): Promise<void> {
  await expect.poll(() => page.evaluate(() => watched.told.length), { timeout: 30_000 }).toBeGreaterThan(more_than);
}

for (const [wrong, skew_ms] of Object.entries({ "37 s fast": 37_000, "3 min slow": -180_000 })) {
  test(`a device whose clock is ${wrong} opens Buy when the shop does, and is told how wrong it is`, async ({
    context,
    page,
    merchant,
  }) => {
    await context.addInitScript(prelude, { skew_ms, sleeps: false });
    const sale = await merchant.publishedSale({ starts_in_ms: 6_000 });
    const item = new ItemPage(page);
    await item.open(sale.slug);
    await untilTold(page);
    await expect(item.buy).toBeDisabled();
    await page.getByText("right to ±").click();
    const words = page.getByText(/It is wrong by at most \d+ ms\. Yours is/);
    await expect(words).toContainText(skew_ms > 0 ? "Yours is 37 s fast." : "Yours is 180 s slow.");
    await expectAccessible(page);
    await expect(item.buy).toBeEnabled();
    await expectTrueTellings(page, skew_ms);
    const early_ms = await page.evaluate((start_ms) => start_ms - (watched.flipped_at_ms ?? NaN), sale.starts_at_ms);
    const bound_ms = Number(await item.timer.getAttribute("data-clock-bound-ms"));
    expect(early_ms, "how much too early Buy opened").toBeLessThanOrEqual(bound_ms + 1);
  });
}

test("after a sleep that stopped its clock the page believes nothing that it knew, and is right again", async ({
  browser,
  context,
  page,
  merchant,
}) => {
  await context.addInitScript(prelude, { skew_ms: 0, sleeps: true });
  const sale = await merchant.publishedSale({ starts_in_ms: 9_000 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await untilTold(page);
  const before = await expectTrueTellings(page, 0);
  await sleep(browser, SLEEP_MS);
  await untilTold(page, before);
  expect(await page.evaluate(() => watched.slept_ms)).toBeGreaterThan(0);
  await expect(item.buy).toBeEnabled();
  await expectTrueTellings(page, 0);
});

test("a page that was stopped while its start passed opens Buy when it goes on", async ({ browser, context, page, merchant }) => {
  await context.addInitScript(prelude, { skew_ms: 0, sleeps: false });
  const sale = await merchant.publishedSale({ starts_in_ms: 4_000 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await untilTold(page);
  await sleep(browser, Math.max(0, sale.starts_at_ms - Date.now()) + 500);
  await expect(item.buy).toBeEnabled();
  await expectTrueTellings(page, 0);
});

test("a page that comes back from the back/forward cache shows the present", async ({ merchant, shop }) => {
  const options = test.info().project.use.launchOptions ?? {};
  // Playwright turns that cache off, and loses sight of a page that comes back from it: the page leaves word in its storage.
  const browser = await chromium.launch({ ...options, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  const context = await browser.newContext({ baseURL: shop.origin });
  await context.addInitScript(prelude, { skew_ms: 0, sleeps: false });
  await context.addInitScript(() => {
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      setInterval(() => {
        const open = document.querySelector("button.buy:enabled") !== null;
        localStorage.setItem("returned", JSON.stringify({ open, told: watched.told }));
      }, 100);
    });
  });
  const sale = await merchant.publishedSale({ starts_in_ms: 5_000 });
  const [page, reader] = [await context.newPage(), await context.newPage()];
  await reader.goto("/robots.txt");
  await page.goto(`/items/${sale.slug}`);
  await untilTold(page);
  await page.goto("/sign-in");
  await merchant.untilPhase(sale.sale_id, "open");
  await page.evaluate(() => void setTimeout(() => history.back(), 0));
  const word = (): Promise<{ open: boolean; told: Told[] } | null> =>
    reader.evaluate(() => JSON.parse(localStorage.getItem("returned") ?? "null") as never);
  await expect.poll(async () => (await word())?.open, "Buy, in the page that came back").toBe(true);
  expectTrue((await word())!.told, 0);
  await browser.close();
});

test("a server that is started anew under an open page is asked again, and the page opens by its clock", async ({ browser }) => {
  const shop = await Shop.start();
  await shop.addMerchant("restart@example.com", "lanterns at dusk");
  const token = await shop.merchantToken("restart@example.com");
  const merchant = new Merchant(shop.origin, token, "restart@example.com", "lanterns at dusk");
  const sale = await merchant.publishedSale({ starts_in_ms: 28_000 });
  // Unguarded: the browser logs that nobody answers while the server is down.
  const context = await browser.newContext({ baseURL: shop.origin });
  await context.addInitScript(prelude, { skew_ms: 0, sleeps: false });
  const page = await context.newPage();
  const item = new ItemPage(page);
  const clockIds = new Set<string>();
  page.on("response", (response) => {
    if (!response.url().endsWith("/csi/time")) return;
    void response.json().then(({ clock_id }: { clock_id: string }) => clockIds.add(clock_id));
  });
  await item.open(sale.slug);
  await untilTold(page);
  await shop.restart();
  await expect.poll(() => clockIds.size, { timeout: 40_000 }).toBe(2);
  await expect(item.buy).toBeEnabled({ timeout: 30_000 });
  await expectTrueTellings(page, 0);
  await context.close();
  await shop.stop();
});

test("an open page sees a new price, a postponed start and a pause with its next question", async ({ page, merchant }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 30_000, price_minor: 2_900 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.price).toContainText("29");

  /** Changes a sale, and waits for the answer to the first question that is asked after it. */
  const change = async (sale_id: string, patch: object): Promise<void> => {
    await merchant.call("PATCH", `sales/${sale_id}`, patch);
    await page.waitForRequest(`**/csi/sales/${sale_id}`);
    await page.waitForResponse(`**/csi/sales/${sale_id}`);
    // The answer's own turn, and the page's.
    await pause(100);
  };
  await change(sale.sale_id, { price_minor: 1_700 });
  expect(await item.price.textContent()).toContain("17");
  await change(sale.sale_id, { starts_at_ms: sale.starts_at_ms + 7_200_000, ends_at_ms: sale.starts_at_ms + 9_000_000 });
  expect((await item.timer.textContent())?.replaceAll(/\s/g, "")).toMatch(/^02:00:/);

  const open = await merchant.openSale();
  await item.open(open.slug);
  await expect(item.buy).toBeEnabled();
  await change(open.sale_id, { paused: true });
  expect(await item.status.textContent()).toContain("The merchant has paused this sale.");
  expect(await item.buy.isEnabled()).toBe(false);
});
