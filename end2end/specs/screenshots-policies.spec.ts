import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { AdminPages } from "../support/admin.ts";
import { expectNoOverflow } from "../support/guard.ts";
import { ItemPage } from "../support/pages.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";
import { eventually } from "../support/time.ts";

// Pictures of what a sale's rules show, to be looked at by a person: end2end/screenshots.
test.use({ purpose: "screenshots", deviceScaleFactor: 2 });
// None needs what another did, and they are the longest: both workers take of them until the end.
test.describe.configure({ mode: "parallel" });

const SNEAKER = { title: "Running shoe “Dusk”", image_url: "/images/sneaker.svg", list_price_minor: 89_900 };
const SIZES_EU = [
  { sku: "eu-38", title: "EU 38", stock_units: 2, price_minor: 19_900 },
  { sku: "eu-40", title: "EU 40", stock_units: 1, price_minor: 19_900 },
  { sku: "eu-42", title: "EU 42", stock_units: 4, price_minor: 19_900 },
  { sku: "eu-44-wide", title: "EU 44, extra wide", stock_units: 3, price_minor: 22_900 },
];

for (const [size, viewport] of Object.entries(SIZES)) {
  const picture = picturesAt(size);

  test(`what a shopper sees of a sale's rules, ${size}`, async ({ context, page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    const [shopper, holder] = await newShoppers(shop, 2);
    await signIn(context, shop, shopper!);
    const item = new ItemPage(page);

    const kinds = await merchant.openSale({ ...SNEAKER, stock_units: 10, price_minor: 19_900, skus: SIZES_EU });
    expect((await holder!.buy(kinds.sale_id, "eu-40")).state).toBe("held");
    await item.open(kinds.slug);
    await expect(item.kinds).toContainText("sold out");
    await picture(page, "kinds", true);
    await item.buy.click();
    await expect(item.status).toHaveText("Choose which one first.");
    await picture(page, "kinds-none-chosen");
    await item.kinds.getByRole("radio", { name: "EU 44, extra wide" }).check();
    await picture(page, "kinds-chosen");
    await expectNoOverflow(page);
    await new ItemPage(page, "zh").open(kinds.slug);
    await expect(item.page.getByRole("main")).toContainText("已抢光");
    await picture(page, "kinds-zh");

    const scarce = await merchant.openSale({ stock_units: 1, waitlist_units: 5, price_minor: 2_900 });
    const held = await holder!.buy(scarce.sale_id);
    await item.open(scarce.slug);
    await expect(item.timer).toContainText("All held");
    await picture(page, "may-wait");
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("in the waiting line.");
    await picture(page, "waiting");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "waiting-dark");
    await page.emulateMedia({ colorScheme: "light" });
    await holder!.pay(held.order_id);
    await expect(item.status).toContainText("Sold out.");
    await picture(page, "waiting-over");

    const decides = await merchant.openSale({ ...SNEAKER, stock_units: 1, stock_policy: "on_payment" });
    await item.open(decides.slug);
    await expect(item.buy).toBeEnabled();
    await picture(page, "payment-decides-before");
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("Payment decides");
    await picture(page, "payment-decides");
    const faster = await holder!.buy(decides.sale_id);
    await page.getByRole("link", { name: "See the order" }).click();
    await expect(page.getByRole("timer")).toHaveAttribute("data-clock-bound-ms", /\d/);
    await picture(page, "order-payment-decides");
    await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
    await holder!.pay(faster.order_id);
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("main")).toContainText("It has been sent.");
    await picture(page, "order-refunded");

    const kept = await merchant.openSale({ stock_units: 2, stock_policy: "on_order" });
    const { order_id } = await shopper!.buy(kept.sale_id);
    await item.open(kept.slug);
    await expect(item.timer).toContainText("Kept");
    await picture(page, "kept");
    await page.goto(`/orders/${order_id}`);
    await expect(page.getByRole("main").getByRole("status")).toContainText("Yours until you pay or cancel");
    await picture(page, "order-kept");
    await page.goto("/orders");
    await picture(page, "orders-refunded");
    await expectNoOverflow(page);

    const restricted = await merchant.openSale({
      ...SNEAKER,
      waitlist_units: 20,
      eligibility: { listed_only: true, account_before_ms: Date.now() },
    });
    await item.open(restricted.slug);
    await expect(item.status).toContainText("Not everybody may buy");
    await picture(page, "restricted", true);
  });

  test(`what a merchant sees of a sale's rules, ${size}`, async ({ page, shop, merchant }) => {
    await page.setViewportSize(viewport);
    const admin = new AdminPages(page);
    await admin.signInUnseen(merchant);
    const { item_id } = await merchant.newItem(SNEAKER);
    await page.goto(`/admin/sales/new?item=${item_id}`);
    await page.getByLabel("Price", { exact: true }).fill("199.00");
    await page.getByLabel("Stock", { exact: true }).fill("10");
    await admin.choosePolicy("Taken when paid");
    await admin.addKind({ name: "EU 38", code: "eu-38", units: "2", price: "" });
    await admin.addKind({ name: "EU 44, extra wide", code: "eu-44-wide", units: "3", price: "229.00" });
    await page.getByLabel("Only accounts made before a date").check();
    await page.getByLabel("Only shoppers on a list").check();
    await page.getByLabel("Mark shoppers whose holds run out again and again").check();
    await page.getByRole("button", { name: "Save draft" }).click();
    await expect(admin.main.getByRole("alert")).toContainText("Some fields need another look.");
    await picture(page, "admin-form-rules", true);
    await expectNoOverflow(page);

    const [first, second, third, lapser] = await newShoppers(shop, 4);
    const strikes = { limit: 3, strike_seconds: 86_400, marked_orders: "pay_to_claim" } as const;
    const lapsing = await merchant.openSale({ stock_units: 2, hold_seconds: 1, per_shopper_limit: 2, strikes });
    const lapsed = await lapser!.buy(lapsing.sale_id);
    const running = await merchant.openSale({
      ...SNEAKER,
      stock_units: 10,
      price_minor: 19_900,
      skus: SIZES_EU,
      waitlist_units: 20,
      strikes,
      eligibility: {},
    });
    const paid = await first!.buy(running.sale_id, "eu-38");
    await first!.pay(paid.order_id);
    await second!.buy(running.sale_id, "eu-40");
    const given = await third!.buy(running.sale_id, "eu-44-wide");
    await third!.cancel(given.order_id);
    const waiting = await lapser!.pass(running.sale_id);
    await lapser!.order(running.sale_id, waiting, "one-key", 1, "eu-40");
    await page.goto(`/admin/sales/${running.sale_id}`);
    await expect(admin.orders).toContainText("cancelled by the shopper");
    await admin.expectUnits("Orders waiting", 1);
    await page.getByLabel("Stock of EU 42").fill("6");
    await picture(page, "admin-sale-kinds", true);
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "admin-sale-kinds-dark", true);
    await page.emulateMedia({ colorScheme: "light" });
    await expectNoOverflow(page);
    await page.getByRole("button", { name: "Call the sale off…" }).click();
    await picture(page, "admin-call-off");
    await page.keyboard.press("Escape");

    await eventually("the hold has run out", async () =>
      (await lapser!.orderState(lapsed.order_id)).state === "released" ? true : undefined,
    );
    await page.goto("/admin/strikes");
    await expect(page.getByRole("button", { name: /^Lift the strikes of/ })).not.toHaveCount(0);
    await picture(page, "admin-strikes");
    await expectNoOverflow(page);

    const listed = await merchant.publishedSale({ ...SNEAKER, starts_in_ms: 3_600_000, eligibility: { listed_only: true } });
    const add = ["mei.li@example.com", "bo@example.com", "a-rather-long-name.with.dots@a-long-domain.example.com"];
    await merchant.call("POST", `sales/${listed.sale_id}/shoppers`, { add });
    await page.goto(`/admin/sales/${listed.sale_id}`);
    await expect(admin.main).toContainText("3 shoppers on the list.");
    await picture(page, "admin-sale-list", true);
    await expectNoOverflow(page);
  });
}
