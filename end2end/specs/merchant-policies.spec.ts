import { AdminPages } from "../support/admin.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectReadableOnAPhone } from "../support/guard.ts";
import { QUESTION } from "../support/merchant.ts";
import { eventually } from "../support/time.ts";

const SHOES = [
  { sku: "eu-38", title: "EU 38", stock_units: 2, price_minor: 19_900 },
  { sku: "eu-42", title: "EU 42", stock_units: 3, price_minor: 21_900 },
];

test("a merchant writes a sale with kinds, a waiting line, strikes and a list, and the form tells what is missing", async ({
  page,
  merchant,
}) => {
  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  const { item_id } = await merchant.newItem({ title: "Running shoe “Dusk”" });
  await page.goto(`/admin/sales/new?item=${item_id}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("New sale");

  await test.step("each way to take a unit says what it risks", async () => {
    for (const [policy, risk] of [
      ["Kept for a while", "units that nobody pays for come back late"],
      ["Taken when ordered", "orders that are never paid keep units from others"],
      ["Taken when paid", "some who pay get their money back"],
    ] as const) {
      await expect(page.getByRole("radio", { name: policy })).toHaveAccessibleDescription(new RegExp(risk));
    }
    await admin.choosePolicy("Taken when ordered");
    await expect(page.getByLabel("Hold", { exact: true })).toHaveAccessibleDescription(/Only for marked shoppers/);
    await admin.choosePolicy("Taken when paid");
    await expect(page.getByLabel("Waiting line")).toHaveAccessibleDescription(/nobody waits/);
    await admin.choosePolicy("Kept for a while");
  });

  await test.step("what is missing or wrong is told beside the field, and the first of it gets the keyboard", async () => {
    await page.getByLabel("Price", { exact: true }).fill("199.00");
    await page.getByLabel("Stock", { exact: true }).fill("5");
    await page.getByRole("button", { name: "In 1 minute, for 30 minutes" }).click();
    await page.getByLabel("Waiting line").fill("some");
    await admin.addKind({ name: "EU 38", code: "EU 38", units: "2", price: "" });
    await page.getByLabel("Only shoppers on a list").check();
    await page.getByLabel("Mark shoppers whose holds run out again and again").check();
    await page.getByLabel("Strikes that mark").fill("65");
    await page.getByLabel("Question 1", { exact: true }).fill(QUESTION.prompt);
    await page.getByLabel("Answer 1", { exact: true }).fill(QUESTION.answer);
    await page.getByRole("button", { name: "Save draft" }).click();
    await expect(admin.main.getByRole("alert")).toContainText("Some fields need another look.");
    await expect(page.getByLabel("Waiting line")).toBeFocused();
    await expect(page.getByLabel("Waiting line")).toHaveAttribute("aria-invalid", "true");
    await expect(admin.kinds).toContainText("Kind 1 needs a code of up to 32 of a–z, 0–9 and inner hyphens.");
    await expect(admin.kinds.getByText("The kinds have 2 units"), "one thing at a time").toHaveCount(0);
    await expect(page.getByLabel("Strikes that mark")).toHaveAccessibleDescription(/At most 64\./);
    await expectReadableOnAPhone(page);
  });

  await test.step("mended, it is a draft whose terms can be read", async () => {
    await page.getByLabel("Waiting line").fill("10");
    await page.getByLabel("Code of kind 1").fill("eu-38");
    await expect(admin.kinds.getByRole("status")).toHaveText(
      "The kinds have 2 units, the sale 5: add 3 or lower the stock.",
    );
    await admin.addKind({ name: "EU 42", code: "eu-42", units: "3", price: "219.00" });
    await expect(admin.kinds.getByRole("status")).toHaveText("The kinds add up to the sale's 5 units.");
    await page.getByLabel("Strikes that mark").fill("2");
    await page.getByRole("radio", { name: "is refused" }).check();
    await page.getByRole("button", { name: "Save draft" }).click();
    await expect(page).toHaveURL(/\/admin\/sales\/[\da-f-]{36}$/);
    await admin.expectTerm("Waiting line", "up to 10 orders");
    await admin.expectTerm("Who may buy", "0 on the list");
    await admin.expectTerm("Holds that run out", "2 in 24 h: refused");
    await admin.expectKind("EU 38", { price: "CNY 199.00", free: "2", held: "0", sold: "0" });
    await admin.expectKind("EU 42", { price: "CNY 219.00", free: "3", held: "0", sold: "0" });
    await expectAccessible(page);
  });

  await test.step("shoppers are put on the list as they are pasted, and taken off again", async () => {
    const list = admin.main.getByRole("region", { name: "Listed shoppers" });
    await expect(list).toContainText("Nobody is on the list yet, so nobody can buy.");
    await list.getByRole("button", { name: "Put on the list" }).click();
    await expect(list.getByRole("alert")).toHaveText("Paste e-mail addresses first.");
    await list.getByLabel("E-mail addresses").fill("Mei Li <mei@example.com>, bo@example.com;\nana@example.com");
    await list.getByRole("button", { name: "Put on the list" }).click();
    await expect(list.getByRole("status")).toHaveText("3 addresses put on the list.");
    await expect(list.getByRole("listitem")).toHaveText([/^ana@/, /^bo@/, /^mei@/]);
    await list.getByRole("button", { name: "Take bo@example.com off the list" }).click();
    await expect(list.getByRole("status")).toHaveText("bo@example.com is off the list.");
    await expect(list).toContainText("2 shoppers on the list.");
    await admin.expectTerm("Who may buy", "2 on the list");
    await expectReadableOnAPhone(page);
  });
});

test("a merchant sees each kind move, restocks one while the sale runs, and releases an order", async ({
  page,
  shop,
  merchant,
}) => {
  const [first, second, waiting] = await newShoppers(shop, 3);
  const admin = new AdminPages(page);
  const sale = await merchant.openSale({
    stock_units: 3,
    price_minor: 19_900,
    stock_policy: "on_order",
    waitlist_units: 5,
    skus: [SHOES[0]!, { ...SHOES[1]!, stock_units: 1 }],
  });
  const kept = await first!.buy(sale.sale_id, "eu-42");
  expect((await second!.buy(sale.sale_id, "eu-38")).state).toBe("held");
  const pass = await waiting!.pass(sale.sale_id);
  const accepted = await waiting!.order(sale.sale_id, pass, "one-key", 1, "eu-42");
  await admin.signInUnseen(merchant);
  await page.goto(`/admin/sales/${sale.sale_id}`);

  await test.step("each kind has counts of its own", async () => {
    await admin.expectKind("EU 38", { free: "1", held: "1", sold: "0" });
    await admin.expectKind("EU 42", { free: "0", held: "1", sold: "0" });
    await admin.expectUnits("Orders waiting", 1);
    await expect(admin.orders).toContainText("kept until paid");
    await expectReadableOnAPhone(page);
  });

  await test.step("a kind gets more units while the sale runs, and who waits for it is served", async () => {
    const table = admin.main.getByRole("region", { name: "Kinds", exact: true });
    const set = table.getByRole("button", { name: "Set the stock" });
    await expect(set).toBeDisabled();
    await table.getByLabel("Stock of EU 42").fill("many");
    await set.click();
    await expect(table.getByRole("alert")).toHaveText("Write whole numbers of units into the fields.");
    await table.getByLabel("Stock of EU 42").fill("2");
    await table.getByLabel("The sale's total").fill("4");
    await set.click();
    await expect(table.getByText("The stock is changed.")).toBeVisible();
    expect((await waiting!.outcome(accepted.queue_token)).state).toBe("held");
    await admin.expectKind("EU 42", { free: "0", held: "2", sold: "0" });
    await admin.expectUnits("Orders waiting", 0);
    await expectAccessible(page);
  });

  await test.step("an order that keeps its units is released, after a question", async () => {
    await expect(admin.orders.getByRole("row")).toHaveCount(4);
    await admin.orders.getByRole("button", { name: `Release order ${kept.order_id.slice(-8)}` }).click();
    const question = page.getByRole("dialog");
    await expect(question).toContainText("Its 1 unit goes to the next in line.");
    await expectAccessible(page);
    await question.getByRole("button", { name: "Release it" }).click();
    await expect(admin.orders).toContainText("by you");
    await admin.expectKind("EU 42", { free: "1", held: "1", sold: "0" });
    expect((await first!.orderState(kept.order_id)).state).toBe("released");
    expect(await merchant.ledger(sale.sale_id)).toMatchObject({ stock: 4, free: 2, held: 2, balanced: true });
  });
});

test("a hold that ran out is a strike, which the merchant sees and lifts", async ({ page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  const strikes = { limit: 1, strike_seconds: 3_600, marked_orders: "refuse" } as const;
  const sale = await merchant.openSale({ stock_units: 2, hold_seconds: 1, per_shopper_limit: 2, strikes });
  const { order_id } = await shopper!.buy(sale.sale_id);
  await eventually("the hold has run out", async () =>
    (await shopper!.orderState(order_id)).state === "released" ? true : undefined,
  );
  expect(await shopper!.buy(sale.sale_id)).toMatchObject({ state: "rejected", reason: "marked" });

  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  await page.goto("/admin");
  await page.getByRole("navigation", { name: "Merchant" }).getByRole("link", { name: "Strikes" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Strikes");
  type Strikes = { shoppers: { shopper_id: string; display_name: string }[] };
  // The latest; others of that name may have let holds lapse in other tests.
  const { shopper_id, display_name: name } = (await merchant.call<Strikes>("GET", "strikes")).shoppers[0]!;
  const row = page.getByRole("row").filter({ has: page.getByTitle(shopper_id) });
  await expect(row).toHaveCount(1);
  await expectReadableOnAPhone(page);
  await row.getByRole("button", { name: `Lift the strikes of ${name}` }).click();
  await expect(admin.main.getByRole("status")).toHaveText(`${name} has no strikes any more.`);
  await expect(row).toHaveCount(0);
  await expectAccessible(page);
  expect((await shopper!.buy(sale.sale_id)).state).toBe("held");
});

test("a sale that is called off releases what is unpaid and sends back what is paid", async ({
  page,
  shop,
  merchant,
  newDevice,
}) => {
  const [payer, holder] = await newShoppers(shop, 2);
  const sale = await merchant.openSale({ stock_units: 3 });
  const paid = await payer!.buy(sale.sale_id);
  await payer!.pay(paid.order_id);
  const held = await holder!.buy(sale.sale_id);
  const device = await newDevice();
  await signIn(device, shop, payer!);
  const order = await device.newPage();
  await order.goto(`/orders/${paid.order_id}`);
  await expect(order.getByRole("main").getByRole("status")).toHaveText("Paid. It is yours.");

  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  await page.goto(`/admin/sales/${sale.sale_id}`);
  await page.getByRole("button", { name: "Call the sale off…" }).click();
  const question = page.getByRole("dialog", { name: "Call this sale off?" });
  await expect(question).toContainText("This cannot be undone.");
  await expectAccessible(page);
  await question.getByRole("button", { name: "Not now" }).click();
  await expect(question).toBeHidden();
  expect((await holder!.orderState(held.order_id)).state).toBe("held");

  await page.getByRole("button", { name: "Call the sale off…" }).click();
  await question.getByRole("button", { name: "Call it off" }).click();
  await expect(admin.main).toContainText("You have called this sale off.");
  await expect(admin.main.getByText("Called off", { exact: true })).toBeVisible();
  await expect(admin.orders).toContainText("CNY 29.00 back: sale called off, sent");
  await admin.expectUnits("Sold", 0);
  await admin.expectUnits("Held", 0);
  await expectAccessible(page);
  expect((await holder!.orderState(held.order_id)).state).toBe("released");
  expect(await merchant.ledger(sale.sale_id)).toMatchObject({ held: 0, sold: 0, balanced: true });

  await test.step("the shopper is told where the money is, and the shop that the sale is off", async () => {
    await order.reload();
    await expect(order.getByRole("main").getByRole("status")).toHaveText(
      "¥29.00 goes back: the sale was called off. It has been sent.",
    );
    await order.goto(`/items/${sale.slug}`);
    await expect(order.getByRole("main").getByRole("status")).toHaveText("The merchant has called this sale off.");
    await expect(order.getByRole("button", { name: "Buy now", exact: true })).toBeDisabled();
    await expectAccessible(order);
  });
});
