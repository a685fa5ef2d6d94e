import { randomUUID } from "node:crypto";
import { AdminPages } from "../support/admin.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { ItemPage } from "../support/pages.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";

// Pictures of sales by draw, to be looked at by a person: end2end/screenshots.
test.use({ purpose: "screenshots" });
test.describe.configure({ mode: "parallel" });

for (const [size, viewport] of Object.entries(SIZES)) {
  const picture = picturesAt(size);

  test(`a draw, its check and its public value, ${size}`, async ({ context, page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    const shoppers = await newShoppers(shop, 5);
    await signIn(context, shop, shoppers[0]!);
    const beacon = { description: "drand quicknet round 1234567", due_in_ms: 300_000 };
    const sale = await merchant.openSale({ title: "Harbour lantern 港灯", stock_units: 2, entries_open_ms: 10_000, beacon });
    const item = new ItemPage(page);
    await item.open(sale.slug);
    await picture(page, "draw-open", true);
    for (const shopper of shoppers) {
      await shopper.order(sale.sale_id, await shopper.pass(sale.sale_id), randomUUID());
    }
    await merchant.untilDrawn(sale.sale_id, "closed");
    const admin = new AdminPages(await context.newPage());
    await admin.page.setViewportSize(viewport);
    await admin.signInUnseen(merchant);
    await admin.page.goto(`/admin/sales/${sale.sale_id}`);
    await expect(admin.main.getByRole("button", { name: "Hold the draw…" })).toBeVisible();
    await picture(admin.page, "admin-beacon");
    await admin.page.emulateMedia({ colorScheme: "dark" });
    await admin.page.getByLabel("Public value").fill("round 1234567");
    await admin.page.getByRole("button", { name: "Hold the draw…" }).click();
    await picture(admin.page, "admin-beacon-wrong-dark");
    await admin.page.getByLabel("Public value").fill("0123456789abcdef".repeat(4));
    await admin.page.getByRole("button", { name: "Hold the draw…" }).click();
    await picture(admin.page, "admin-beacon-sure-dark");
    await admin.page.getByRole("dialog").getByRole("button", { name: "Hold the draw" }).click();
    await expect(admin.main).toContainText("2 won");
    await picture(admin.page, "admin-drawn-dark");
    await admin.page.close();

    await merchant.untilDrawn(sale.sale_id);
    for (const locale of ["en", "zh"] as const) {
      await new ItemPage(page, locale).open(sale.slug);
      await page.locator(".check-draw button").click();
      await expect(page.locator(".check-draw .verdict")).toBeVisible();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await picture(page, `draw-checked-${locale}-${colorScheme}`, true);
      }
      await page.emulateMedia({ colorScheme: "light" });
    }
    await page.route("**/draw/entries", async (route) => {
      const answer = await route.fetch();
      const file = (await answer.json()) as { entries: unknown[] };
      file.entries.reverse();
      await route.fulfill({ response: answer, json: file });
    });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(".check-draw button").click();
      await expect(page.locator(".check-draw li.wrong").first()).toBeVisible();
      await page.locator(".check-draw button").scrollIntoViewIfNeeded();
      await picture(page, `draw-wrong-${colorScheme}`);
    }
    await page.unroute("**/draw/entries");
    const mine = await Promise.all(
      shoppers.map(async (shopper) => ({
        shopper,
        orders: (await shopper.call<{ orders: { order_id: string }[] }>("GET", `/api/sales/${sale.sale_id}/mine`)).orders,
      })),
    );
    const winner = mine.find(({ orders }) => orders.length > 0)!;
    await context.clearCookies();
    await signIn(context, shop, winner.shopper);
    await page.goto(`/orders/${winner.orders[0]!.order_id}`);
    await page.locator(".check-draw button").click();
    await expect(page.locator(".check-draw .verdict")).toBeVisible();
    await picture(page, "order-draw-checked", true);
  });
}
