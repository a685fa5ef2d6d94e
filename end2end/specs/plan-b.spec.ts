import { AdminPages } from "../support/admin.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow, expectReadableOnAPhone } from "../support/guard.ts";
import { holdBack, ItemPage } from "../support/pages.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";

// A shop of its own: switches for all of a merchant's sales reach those of other tests.
test.use({ purpose: "plan-b" });

test("orders paused in the admin are paused on a page that is open, and go on when they are taken again", async ({
  page,
  merchant,
  shop,
  newDevice,
  guard,
}) => {
  const sale = await merchant.openSale({ title: "Paper lantern", stock_units: 5 });
  const [shopper] = await newShoppers(shop, 1);
  const device = await newDevice();
  await signIn(device, shop, shopper!);
  const item = new ItemPage(await device.newPage());
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();

  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  await page.goto("/admin/plan-b");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Plan B");
  const orders = admin.main.getByRole("group", { name: "Orders", exact: true });
  await expect(orders.getByRole("button", { name: "Taken" })).toHaveAttribute("aria-pressed", "true");
  await expect(orders).toContainText("Shoppers buy as ever.");
  await expectAccessible(page);

  await test.step("the page hears at the press, before it has asked how the sale stands", async () => {
    const release = await holdBack(item.page, "**/csi/sales/*");
    await page.getByLabel("15 minutes").check();
    await page.getByLabel("Why", { exact: true }).fill("The provider is down");
    await orders.getByRole("button", { name: "Paused" }).click();
    await expect(admin.main.getByRole("status")).toHaveText("No new orders are taken.");
    await expect(orders.getByRole("button", { name: "Paused" })).toHaveAttribute("aria-pressed", "true");
    await expect(orders).toContainText(/Set for all your sales, until .*: The provider is down\./);
    guard.expectRefusal(503);
    await item.buy.click();
    await expect(item.status).toContainText("takes no orders for a moment");
    release();
  });

  await test.step("then it says that the sale is paused, and Buy cannot be pressed", async () => {
    await expect(item.buy).toBeDisabled();
    await expect(item.page.locator("main")).toContainText(/paused/i);
    await expectAccessible(item.page);
  });

  await test.step("what was switched, by whom, until when and why can be read", async () => {
    const row = admin.main.getByRole("row", { name: /Orders/ });
    await expect(row).toContainText("Taken → Paused");
    await expect(row).toContainText(merchant.email);
    await expect(row).toContainText("The provider is down");
    await expectAccessible(page);
    for (const size of ["desktop", "phone"] as const) {
      await page.setViewportSize(SIZES[size]);
      await expectNoOverflow(page);
      await picturesAt(size)(page, "admin-plan-b", true);
    }
    await expectReadableOnAPhone(page);
    await page.setViewportSize(SIZES.desktop);
  });

  await test.step("taken again, the shopper buys", async () => {
    await orders.getByRole("button", { name: "Taken" }).click();
    await expect(item.buy).toBeEnabled();
    await item.openQuiz();
    await item.sendAnswer();
    await item.expectHeld();
  });
});

test("with the quiz off, Buy leads straight into the line", async ({ page, merchant, shop, context }) => {
  const sale = await merchant.openSale({ title: "Brass kettle", stock_units: 5 });
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  await merchant.call("PUT", "switches", { quiz: "off", sale_id: sale.sale_id });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.buy.click();
  await item.expectHeld();
  await expect(item.quiz).toBeHidden();
});

test("the waiting page turns back into the item by itself", async ({ page, merchant }) => {
  const sale = await merchant.openSale({ title: "Walnut headphones", stock_units: 5 });
  await merchant.call("PUT", "switches", { waiting_page: "on", sale_id: sale.sale_id });
  // Chance says when the page looks; here it looks as soon as it may.
  await page.addInitScript(() => (Math.random = () => 0));
  await page.clock.install();
  for (const [prefix, title] of [
    ["", "One moment"],
    ["/zh", "请稍候"],
  ] as const) {
    await page.goto(`${prefix}/items/${sale.slug}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await expectAccessible(page);
    for (const size of ["desktop", "phone"] as const) {
      await page.setViewportSize(SIZES[size]);
      await expectNoOverflow(page);
      await picturesAt(size)(page, `waiting-page${prefix.replace("/", "-")}`);
    }
    await page.setViewportSize(SIZES.desktop);
  }
  const looked = page.waitForResponse((response) => response.request().method() === "HEAD");
  await page.clock.fastForward(8_000);
  expect((await looked).headers()["waiting-page"], "it still waits").toBe("1");
  await merchant.call("PUT", "switches", { waiting_page: "off", sale_id: sale.sale_id });
  await expect(async () => {
    await page.clock.fastForward(8_000);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Walnut headphones", { timeout: 500 });
  }).toPass();
});
