import type { Page } from "@playwright/test";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectReadableOnAPhone } from "../support/guard.ts";
import { ItemPage, newAccount, signUp } from "../support/pages.ts";

const LANTERNS = [
  { sku: "small", title: "Small, 20 cm", stock_units: 2, price_minor: 1_900 },
  { sku: "large", title: "Large, 45 cm", stock_units: 1, price_minor: 3_900 },
];

/** What the page tells next has to come by itself: a reload would lose this mark. */
async function markPage(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute("data-not-reloaded", ""));
}

async function expectNoReload(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-not-reloaded", "");
}

test("a shopper chooses one of the kinds, and the price, the line and the order are that kind's", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper, quicker] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 3, price_minor: 1_900, skus: LANTERNS });
  const item = new ItemPage(page);
  const small = item.kinds.getByRole("radio", { name: "Small, 20 cm" });
  const large = item.kinds.getByRole("radio", { name: "Large, 45 cm" });

  await test.step("before a choice the least price is told, and Buy says what is missing", async () => {
    await item.open(sale.slug);
    await expect(item.price).toHaveText("from ¥19.00");
    await expect(small).not.toBeChecked();
    await expect(large).not.toBeChecked();
    await item.buy.click();
    await expect(item.status).toHaveText("Choose which one first.");
    await expect(item.quiz).toBeHidden();
    await expect(small).toBeFocused();
    await expectAccessible(page);
  });

  await test.step("the price follows the choice", async () => {
    await large.check();
    await expect(item.price).toHaveText("¥39.00");
    await expect(item.status).toHaveText("3 units, at most 1 per shopper.");
    await small.check();
    await expect(item.price).toHaveText("¥19.00");
  });

  await test.step("a kind that is gone cannot be chosen; the others can", async () => {
    expect((await quicker!.buy(sale.sale_id, "large")).state).toBe("held");
    await expect(large).toBeDisabled();
    await expect(item.kinds).toContainText("¥39.00, sold out");
    await expect(small).toBeChecked();
    await expectReadableOnAPhone(page);
  });

  await test.step("what is held is the kind that was chosen, at its price", async () => {
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toHaveText(/Held for you until .+: 1 unit, ¥19\.00\./);
    await expectAccessible(page);
    await page.getByRole("link", { name: "See the order" }).click();
    await expect(page.getByRole("main")).toContainText("Small, 20 cm, 1 unit, ¥19.00");
    await page.goto("/orders");
    await expect(page.getByRole("main")).toContainText("Small, 20 cm, 1 unit, ¥19.00");
    const kinds = [
      { sku: "large", stock: 1, free: 0, held: 1, sold: 0 },
      { sku: "small", stock: 2, free: 1, held: 1, sold: 0 },
    ];
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 3, free: 1, balanced: true, skus: kinds });
  });
});

test("who waits keeps the place over a reload, and gets the unit that comes back", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper, holder] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 1, waitlist_units: 5 });
  const held = await holder!.buy(sale.sale_id);
  const item = new ItemPage(page);

  await test.step("with all units held, Buy leads into the waiting line", async () => {
    await item.open(sale.slug);
    await expect(item.status).toContainText("Join the waiting line with Buy now");
    await expect(item.timer).toContainText("All held");
    await expect(item.buy).toBeEnabled();
    await expectAccessible(page);
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("You are 1st in the waiting line.");
    await expect(item.buy).toBeHidden();
    await expectReadableOnAPhone(page);
  });

  await test.step("a reload finds the place again", async () => {
    await page.reload();
    await expect(item.status).toContainText("You are 1st in the waiting line.");
    await expect(item.leaveWaiting).toBeVisible();
  });

  await test.step("the unit that the holder gives back is the waiting shopper's, with no reload", async () => {
    await markPage(page);
    await holder!.cancel(held.order_id);
    await item.expectHeld();
    await expectNoReload(page);
    await expect(item.leaveWaiting).toBeHidden();
    await expectAccessible(page);
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 1, free: 0, held: 1, sold: 0, balanced: true });
  });
});

test("the waiting line can be left and joined again, and it ends as sold out when the holder pays", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper, holder] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 1, waitlist_units: 5 });
  const held = await holder!.buy(sale.sale_id);
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.openQuiz();
  await item.sendAnswer();
  await expect(item.status).toContainText("You are 1st in the waiting line.");

  await test.step("left, it holds nothing against the shopper", async () => {
    await item.leaveWaiting.click();
    await expect(item.status).toHaveText("You left the waiting line. Nothing was charged.");
    await expect(item.buy).toBeEnabled();
    await expect(item.buy).toBeFocused();
    await expectAccessible(page);
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("You are 1st in the waiting line.");
  });

  await test.step("once the holder has paid there is nothing to wait for, and that is told", async () => {
    await markPage(page);
    await holder!.pay(held.order_id);
    await expect(item.status).toHaveText("Sold out. You were 1st in the waiting line. Nothing was charged.");
    await expect(item.buy).toBeDisabled({ timeout: 2_000 });
    await expect(item.timer).toContainText("Sold out");
    await expectNoReload(page);
    await expectAccessible(page);
  });
});

test("where payment decides, the page says so, and the slower one's money goes back", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper, quicker] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 1, stock_policy: "on_payment" });
  const item = new ItemPage(page);

  await test.step("before and after the order, it is told that nothing is kept", async () => {
    await item.open(sale.slug);
    await expect(item.status).toContainText("The first to pay get them.");
    await expect(page.getByRole("main")).toContainText("money that comes too late goes back");
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("Payment decides: the first to pay get them. Pay by");
    await expectReadableOnAPhone(page);
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 1, free: 1, held: 0, balanced: true });
  });

  await test.step("while the shopper stands at the provider, another pays", async () => {
    const order = await quicker!.buy(sale.sale_id);
    expect(order.state).toBe("held");
    await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
    await quicker!.pay(order.order_id);
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 1, free: 0, sold: 1, balanced: true });
  });

  await test.step("the money that came second goes back, and the order tells how far that is", async () => {
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page).toHaveURL(/\/orders\/[\da-f-]{36}$/);
    const story = page.getByRole("main").getByRole("status");
    await expect(story).toHaveText("¥29.00 goes back: no unit was free when it came. It has been sent.");
    await expect(page.getByRole("button", { name: "Pay", exact: true })).toBeHidden();
    await expectAccessible(page);
    await page.goto("/orders");
    await expect(page.getByRole("main")).toContainText("Refunded");
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 1, free: 0, sold: 1, balanced: true });
  });

  await test.step("who comes when all are paid for finds it sold out", async () => {
    await item.open(sale.slug);
    await expect(item.buy).toBeDisabled();
    await expect(item.timer).toContainText("Sold out");
  });
});

test("an order that keeps its units has no countdown, until the merchant releases it", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 2, stock_policy: "on_order" });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.openQuiz();
  await item.sendAnswer();
  await expect(item.status).toHaveText("Yours until you pay or cancel: 1 unit, ¥29.00.");
  await expect(item.timer).toContainText("Kept");
  await expectAccessible(page);

  const elsewhere = new ItemPage(await context.newPage());
  await elsewhere.open(sale.slug);
  await expect(elsewhere.timer).toContainText("Kept");
  await page.bringToFront();
  await page.getByRole("link", { name: "See the order" }).click();
  await expect(page).toHaveURL(/\/orders\/[\da-f-]{36}$/);
  const order_id = new URL(page.url()).pathname.split("/").at(-1)!;
  const story = page.getByRole("main").getByRole("status");
  await expect(story).toHaveText("Yours until you pay or cancel. Nothing is charged until you pay.");
  await expect(page.getByRole("timer"), "no time to count").toContainText("Kept");
  await expectAccessible(page);

  await markPage(page);
  await merchant.release(order_id);
  await expect(story).toHaveText("The merchant released this order.");
  await expect(page.getByRole("timer")).toContainText("Released");
  await expect(page.getByRole("button", { name: "Pay", exact: true })).toBeHidden();
  await expectNoReload(page);
  await expectAccessible(page);
  await elsewhere.page.bringToFront();
  await expect(elsewhere.status).toHaveText("The merchant released this order.");
  expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 2, free: 2, held: 0, sold: 0, balanced: true });
});

test("who is not on the list is told before the question, and may buy once on it", async ({
  page,
  guard,
  merchant,
}) => {
  const account = newAccount();
  const sale = await merchant.openSale({ eligibility: { listed_only: true } });
  const item = new ItemPage(page);
  await page.goto(`/sign-in?next=/items/${sale.slug}`);
  await signUp(page, account);
  await expect(page).toHaveURL(new RegExp(`/items/${sale.slug}$`));
  await expect(item.status).toContainText("Not everybody may buy: see below.");
  guard.expectRefusal(403);
  await item.buy.click();
  await expect(item.status).toContainText("This sale is for certain accounts only, and yours is not one of them");
  await expect(item.quiz).toBeHidden();
  await expect(item.buy).toBeEnabled();
  await expect(item.buy).toBeFocused();
  await expectReadableOnAPhone(page);

  await merchant.call("POST", `sales/${sale.sale_id}/shoppers`, { add: [account.email] });
  await item.openQuiz();
  await item.sendAnswer();
  await item.expectHeld();
});

test("候补：进入候补、保留名次、名额退回后为您保留", async ({ context, page, shop, merchant }) => {
  const [shopper, holder] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const skus = [
    { sku: "s", title: "小号", stock_units: 1, price_minor: 1_900 },
    { sku: "l", title: "大号", stock_units: 1, price_minor: 3_900 },
  ];
  const sale = await merchant.openSale({ title: "纸灯笼", stock_units: 2, waitlist_units: 5, skus });
  const held = await holder!.buy(sale.sale_id, "l");
  const item = new ItemPage(page, "zh");
  await item.open(sale.slug);
  await expect(item.kinds).toContainText("¥39.00，可候补");
  await item.kinds.getByRole("radio", { name: "大号" }).check();
  await item.openQuiz();
  await item.sendAnswer();
  await expect(item.status).toContainText("您在候补队列第 1 位。");
  await expectReadableOnAPhone(page);
  await holder!.cancel(held.order_id);
  await item.expectHeld();
});
