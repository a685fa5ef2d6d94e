import type { Page } from "@playwright/test";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/guard.ts";
import { ItemPage } from "../support/pages.ts";

// What the page does when the network, the server or the visitor's patience fails. A server of its own: it is stopped.
test.use({ purpose: "live" });

const NO_CONNECTION = "No connection to the shop.";

/** A word about the connection; there from the first, and empty while all is well. */
function trouble(page: Page) {
  return page.getByRole("banner").getByRole("alert");
}

test("a page without a network says so, counts on, and goes on by itself", async ({ page, guard, merchant }) => {
  guard.expectLostConnections();
  const sale = await merchant.publishedSale({ starts_in_ms: 600_000 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
  await expect(trouble(page)).toHaveText("");

  await page.context().setOffline(true);
  await expect(trouble(page)).toContainText(NO_CONNECTION);
  const before = await item.timer.textContent();
  await expect.poll(() => item.timer.textContent(), "the clock needs no network").not.toBe(before);
  await expectAccessible(page);

  await page.context().setOffline(false);
  await expect(trouble(page)).toHaveText("");
});

test("a server that is restarted is missed and found again, and what was held stays held", async ({
  context,
  page,
  guard,
  shop,
  merchant,
}) => {
  guard.expectLostConnections();
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale();
  await shopper!.buy(sale.sale_id);
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.expectHeld();

  await shop.goDown();
  await expect(trouble(page)).toContainText(NO_CONNECTION, { timeout: 30_000 });
  await item.expectHeld();
  await shop.comeBack();
  await expect(trouble(page)).toHaveText("", { timeout: 30_000 });
  await item.expectHeld();
  await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
});

for (const [status, code, told] of [
  [503, "busy", "The shop is very busy."],
  [429, "rate_limited", "Too many requests from here."],
] as const) {
  test(`a shop that answers ${status} to everything is told in the page, which keeps asking`, async ({
    page,
    guard,
    merchant,
  }) => {
    guard.expectRefusal(status);
    const sale = await merchant.publishedSale({ starts_in_ms: 600_000 });
    const item = new ItemPage(page);
    await page.route("**/csi/**", (route) =>
      route.fulfill({
        status,
        headers: { "retry-after": "1" },
        contentType: "application/problem+json",
        json: { type: "about:blank", title: code, status, code, detail: "Later." },
      }),
    );
    await item.open(sale.slug);
    await expect(trouble(page)).toContainText(told);
    await expect(item.buy).toBeDisabled();
    await expectAccessible(page);
    await page.unroute("**/csi/**");
    await expect(trouble(page)).toHaveText("");
    // The clock is asked for less often than the sale.
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/, { timeout: 30_000 });
  });
}

test("who keeps reloading hears that the page is live, and past a bound the page rests before it asks", async ({
  page,
  merchant,
}) => {
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.status).toHaveText("Sign in to join the line.");
  for (let reload = 0; reload < 3; reload += 1) await page.reload();
  await expect(item.status).toContainText("No need to refresh: this page is live.");
  await expect(item.status).toContainText("Sign in to join the line.");
  await expectAccessible(page);

  for (let reload = 3; reload < 10; reload += 1) await page.reload();
  const asked: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/csi/")) asked.push(request.url());
  });
  await page.reload({ waitUntil: "commit" });
  await expect(item.status).toContainText("this page waits a few seconds");
  expect(asked, "asked while it rests").toEqual([]);
  await expect(item.buy, "a rest is no ban").toBeEnabled();

  const elsewhere = await merchant.openSale();
  await item.open(elsewhere.slug);
  await expect(item.buy, "nobody rests for following a link").toBeEnabled();
});

test("a sale that the merchant calls off says who ended it, at once and after a reload", async ({ page, merchant }) => {
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();
  await merchant.call("POST", `sales/${sale.sale_id}/call-off`);
  await expect(item.status).toHaveText("The merchant has called this sale off.");
  await expect(item.buy).toBeDisabled();
  await page.reload();
  await expect(item.status).toHaveText("The merchant has called this sale off.");
  await expectAccessible(page);
});

test("where nothing is left to do, the page leads on to what is next, and nothing moves", async ({
  page,
  shop,
  merchant,
}) => {
  const [quicker] = await newShoppers(shop, 1);
  const sale = await merchant.openSale({ stock_units: 1 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();
  const next = page.getByRole("link", { name: "See what is on next" });
  await expect(next).toBeHidden();
  const before = await item.buy.boundingBox();
  expect((await quicker!.buy(sale.sale_id)).state).toBe("held");
  await expect(next).toBeVisible();
  expect(await item.buy.boundingBox()).toEqual(before);
  await expectAccessible(page);
  await next.click();
  await expect(page).toHaveURL(`${shop.origin}/`);
});
