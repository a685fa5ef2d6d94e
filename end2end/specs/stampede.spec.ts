import { stampedeAt } from "../support/crowd.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { exchange, json } from "../support/http.ts";
import { ItemPage } from "../support/pages.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";
import { eventually } from "../support/time.ts";

// A shop of its own: any wait at all is too long for it, and everybody here has one address.
test.use({ purpose: "a stampede" });

/** How often Buy is pressed until the shopper is not drawn at once. */
const PRESSES = 10;

for (const [locale, drawn] of [
  ["en", /About 1 in \d+ is drawn every second; this page draws for you\./],
  ["zh", /约 1\/\d+ 的人/],
] as const) {
  test(`where more come than can begin the page waits to be drawn and goes on by itself (${locale})`, async ({
    page,
    context,
    shop,
    merchant,
    guard,
  }) => {
    // What it waits for is drawn by lot.
    test.slow();
    guard.expectRefusal(503);
    for (const [setting, value] of [
      ["thread_wait_us", "1"],
      ["address_requests_per_second", "100000"],
      ["address_burst", "1000000"],
    ] as const) {
      await shop.command(["settings", "set", setting, value]);
    }
    const [crowd, shopper] = await newShoppers(shop, 2);
    await signIn(context, shop, shopper!);
    const sale = await merchant.openSale();
    const item = new ItemPage(page, locale);
    await item.open(sale.slug);
    await expect(item.buy).toBeEnabled();

    const sendHome = stampedeAt(shop.origin, sale.sale_id, crowd!.cookie);
    try {
      await eventually("lots are drawn", async () => {
        const answer = await exchange(shop.origin, "GET", `/csi/sales/${sale.sale_id}`);
        return answer.status === 200 ? (await json<{ admission?: object }>(answer)).admission : undefined;
      });
      // Who is drawn at once sees nothing of it, and tries again here.
      const is_told = async (): Promise<boolean> => drawn.test((await item.status.textContent()) ?? "");
      for (let press = 0; press < PRESSES && !(await is_told()); press += 1) {
        if (await item.quiz.isVisible()) await page.keyboard.press("Escape");
        await expect(item.buy).toBeEnabled();
        await item.buy.click();
        await expect.poll(async () => (await is_told()) || (await item.quiz.isVisible()), { timeout: 20_000 }).toBe(true);
      }
      expect(await is_told(), "that it waits to be drawn").toBe(true);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
      await expect.poll(() => asked.filter((call) => call.startsWith("GET /csi/sales/")).length).toBeGreaterThan(2);
      // No more than a question or two, should it be drawn within these seconds.
      expect(asked.filter((call) => call.startsWith("POST")).length).toBeLessThan(3);
      await expectAccessible(page);
      for (const [size, viewport] of Object.entries(SIZES)) {
        await page.setViewportSize(viewport);
        await expectNoOverflow(page);
        await picturesAt(size)(page, `item-drawn-by-lot-${locale}`);
      }
    } finally {
      sendHome();
    }
    await expect(item.quiz).toBeVisible({ timeout: 30_000 });
    await item.sendAnswer();
    await item.expectHeld();
  });
}
