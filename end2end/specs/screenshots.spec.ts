import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { openMarket } from "../support/market.ts";
import type { PublishedSale } from "../support/merchant.ts";
import { holdBack, ItemPage } from "../support/pages.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";
import { pause } from "../support/time.ts";

// Pictures of every state, to be looked at by a person: end2end/screenshots.
test.use({ purpose: "screenshots", deviceScaleFactor: 2 });
// None needs what another did, and they are the longest: both workers take of them until the end.
test.describe.configure({ mode: "parallel" });

let market: PublishedSale[] = [];
test.beforeAll(async ({ merchant }) => {
  market = await openMarket(merchant);
});

for (const [size, viewport] of Object.entries(SIZES)) {
  const picture = picturesAt(size);

  test(`what a shopper sees, ${size}`, async ({ context, page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    await page.goto("/");
    await page.waitForLoadState("networkidle");
    await picture(page, "catalogue", true);
    await page.goto("/sign-in");
    await page.waitForLoadState("networkidle");
    await picture(page, "sign-in");
    await page.getByRole("button", { name: "New here? Make an account" }).click();
    await picture(page, "sign-up");
    await page.goto("/zh/");
    await page.waitForLoadState("networkidle");
    await picture(page, "catalogue-zh");
    const visitor = new ItemPage(page, "zh");
    await visitor.open(market[0]!.slug);
    await expect(visitor.status).toContainText("登录");
    await picture(page, "item-zh-visitor");
    const brief = await merchant.openSale({ lasts_ms: 2_000 });
    await visitor.open(brief.slug);
    await expect(visitor.status).toContainText("已结束");
    await picture(page, "item-zh-ended");

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
    await page.getByRole("link", { name: "See the order" }).click();
    await expect(page.getByRole("timer")).toHaveAttribute("data-clock-bound-ms", /\d/);
    await picture(page, "order-held");
    await page.goBack();
    await item.expectHeld();

    await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
    await picture(page, "pay");
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("main")).toContainText("Paid. It is yours.");
    await picture(page, "paid");
    await page.goto("/orders");
    await page.waitForLoadState("networkidle");
    await picture(page, "orders");
    await item.open(open.slug);
    await expect(item.status).toContainText("Paid");
    await picture(page, "item-paid");

    const scarce = await merchant.openSale({ stock_units: 1 });
    expect((await quicker!.buy(scarce.sale_id)).state).toBe("held");
    await item.open(scarce.slug);
    await expect(page.getByRole("main")).toContainText("All units are held or sold.");
    await picture(page, "sold-out");
    const paused = await merchant.openSale({ stock_units: 3, per_shopper_limit: 2 });
    await item.open(paused.slug);
    await expect(item.buy).toBeEnabled();
    await picture(page, "item-quantity");
    await merchant.call("PATCH", `sales/${paused.sale_id}`, { paused: true });
    await expect(item.status).toContainText("paused");
    await picture(page, "item-paused");
    const chinese = new ItemPage(page, "zh");
    await chinese.open(market[1]!.slug);
    await expect(chinese.buy).toBeDisabled();
    await expect(chinese.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    await picture(page, "item-zh");
  });

  test(`what a merchant sees, ${size}`, async ({ page, guard, shop, merchant }) => {
    // The view asks first who is there; nobody is, yet.
    guard.expectRefusal(401);
    await page.setViewportSize(viewport);
    await page.goto("/admin/sign-in");
    await page.waitForLoadState("networkidle");
    await picture(page, "admin-sign-in");
    await page.request.post("/api/merchant/sign-in", { data: { email: merchant.email, password: merchant.password } });
    await page.goto("/admin");
    await expect(page.getByRole("main")).toContainText("Rangefinder camera");
    await picture(page, "admin-overview");
    await page.goto("/admin/items");
    await expect(page.getByRole("main")).toContainText("Rangefinder camera");
    await picture(page, "admin-items");
    await page.goto(`/admin/sales/new?item=${market[1]!.item_id}`);
    await page.waitForLoadState("networkidle");
    await picture(page, "admin-sale-editor", true);

    const busy = market[0]!;
    await page.goto(`/admin/sales/${busy.sale_id}`);
    const shoppers = await newShoppers(shop, 16);
    await Promise.all(
      shoppers.map(async (shopper, index) => {
        await pause(400 * index);
        const { state, order_id } = await shopper.buy(busy.sale_id);
        await pause(2_000);
        // Some take their time.
        if (state === "held" && index % 4 !== 1) await shopper.pay(order_id);
      }),
    );
    await pause(2_500);
    await picture(page, "admin-sale-live", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "admin-sale-live-dark");
  });
}
