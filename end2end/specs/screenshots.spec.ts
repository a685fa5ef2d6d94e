import { expect, newShoppers, test } from "../support/fixtures.ts";
import { openMarket } from "../support/market.ts";
import type { PublishedSale } from "../support/merchant.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";
import { pause } from "../support/time.ts";

// Pictures of the merchant's view, to be looked at by a person: end2end/screenshots. The shopper's are in states.spec.ts.
test.use({ purpose: "screenshots", deviceScaleFactor: 2 });
// None needs what another did, and they are the longest: both workers take of them until the end.
test.describe.configure({ mode: "parallel" });

let market: PublishedSale[] = [];
test.beforeAll(async ({ merchant }) => {
  market = await openMarket(merchant);
});

for (const [size, viewport] of Object.entries(SIZES)) {
  const picture = picturesAt(size);

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
