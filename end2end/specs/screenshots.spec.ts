import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { openMarket } from "../support/market.ts";
import type { PublishedSale } from "../support/merchant.ts";
import { holdBack, ItemPage } from "../support/pages.ts";

// Pictures of every state, to be looked at by a person: end2end/screenshots.
test.use({ purpose: "screenshots", deviceScaleFactor: 2 });

const FOLDER = resolve(import.meta.dirname, "../screenshots");
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

let market: PublishedSale[] = [];
test.beforeAll(async ({ merchant }) => {
  market = await openMarket(merchant);
});

for (const [size, viewport] of Object.entries(SIZES)) {
  const picture = (page: Page, name: string, fullPage = false): Promise<Buffer> =>
    page.screenshot({ path: `${FOLDER}/${size}/${name}.png`, fullPage });

  test(`what a shopper sees, ${size}`, async ({ context, page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    await page.goto("/");
    await page.waitForLoadState("networkidle");
    await picture(page, "catalogue", true);
    await page.goto("/sign-in");
    await page.waitForLoadState("networkidle");
    await picture(page, "sign-in");

    const [shopper, quicker] = await newShoppers(shop, 2);
    await signIn(context, shop, shopper!);
    const item = new ItemPage(page);
    const starting = await merchant.publishedSale({
      starts_in_ms: 5_000,
      stock_units: 8,
      min_answer_ms: 1_000,
      hold_seconds: 900,
    });
    await item.open(starting.slug);
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    await picture(page, "item-before");
    await expect(item.buy).toBeEnabled();
    await picture(page, "item-at-the-flip");

    const open = market[0]!;
    await item.open(open.slug);
    await expect(item.buy).toBeEnabled();
    await picture(page, "item-open");
    await picture(page, "item-open-whole", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "item-dark");
    await page.emulateMedia({ colorScheme: "light" });

    await item.openQuiz();
    await picture(page, "quiz");
    const letPollsGo = await holdBack(page, "**/api/queue/**");
    await item.sendAnswer();
    await expect(item.status).toContainText("in line");
    await picture(page, "queued");
    letPollsGo();
    await item.expectHeld();
    await picture(page, "held");

    await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
    await picture(page, "pay");
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("main")).toContainText("Paid. It is yours.");
    await picture(page, "paid");
    await page.goto("/orders");
    await page.waitForLoadState("networkidle");
    await picture(page, "orders");

    const scarce = await merchant.openSale({ stock_units: 1 });
    expect((await quicker!.buy(scarce.sale_id)).state).toBe("held");
    await item.open(scarce.slug);
    await expect(page.getByRole("main")).toContainText("All units are held or sold.");
    await picture(page, "sold-out");
    const chinese = new ItemPage(page, "zh");
    await chinese.open(market[1]!.slug);
    await expect(chinese.buy).toBeDisabled();
    await expect(chinese.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    await picture(page, "item-zh");
  });

  test(`what a merchant sees, ${size}`, async ({ page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    await page.goto("/admin/sign-in");
    await page.waitForLoadState("networkidle");
    await picture(page, "admin-sign-in");
    await page.request.post("/api/merchant/sign-in", { data: { email: merchant.email, password: merchant.password } });
    await page.goto("/admin");
    await expect(page.getByRole("main")).toContainText("Rangefinder camera");
    await picture(page, "admin-overview");
    await page.goto(`/admin/sales/new?item=${market[1]!.item_id}`);
    await page.waitForLoadState("networkidle");
    await picture(page, "admin-sale-editor", true);

    const busy = market[0]!;
    await page.goto(`/admin/sales/${busy.sale_id}`);
    for (const shopper of await newShoppers(shop, 6)) {
      const outcome = await shopper.buy(busy.sale_id);
      if (outcome.state === "held") await shopper.pay(outcome.order_id);
    }
    await page.waitForTimeout(5_000);
    await picture(page, "admin-sale-live", true);
  });
}
