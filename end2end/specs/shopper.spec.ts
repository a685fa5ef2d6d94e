import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { holdBack, ItemPage, newAccount, signInByForm, signUp } from "../support/pages.ts";

test("a shopper waits for the start, answers, gets a place, pays, and finds the order again", async ({
  page,
  guard,
  merchant,
  newDevice,
}) => {
  const account = newAccount();
  const item = new ItemPage(page);

  await test.step("signing up from an item's page leads back to it", async () => {
    const later = await merchant.publishedSale({ starts_in_ms: 600_000 });
    await item.open(later.slug);
    await page.getByRole("banner").getByRole("link", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expectAccessible(page);
    await signUp(page, account);
    await expect(page).toHaveURL(new RegExp(`/items/${later.slug}$`));
  });

  const sale = await merchant.publishedSale({
    starts_in_ms: 8_000,
    stock_units: 3,
    min_answer_ms: 1_000,
    title: "Brass kettle",
  });

  await test.step("before the start Buy is disabled and the countdown counts, by the server's clock", async () => {
    await item.open(sale.slug);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Brass kettle");
    await expect(item.buy).toBeDisabled();
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /^\d+(\.\d+)?$/);
    await expect(item.timer).toHaveAttribute("data-clock-offset-ms", /^-?\d+(\.\d+)?$/);
    const before = await item.timer.textContent();
    await expect.poll(() => item.timer.textContent()).not.toBe(before);
    await expectAccessible(page);
  });

  await test.step("at the start Buy flips, on time and with no reload", async () => {
    await page.evaluate(() => document.documentElement.setAttribute("data-not-reloaded", ""));
    const flipped_at_ms = await page.evaluate(async () => {
      const button = [...document.querySelectorAll("button")].find((each) => each.textContent?.trim() === "Buy now");
      while (button?.disabled !== false || button.ariaDisabled === "true") await new Promise(requestAnimationFrame);
      return performance.timeOrigin + performance.now();
    });
    expect(flipped_at_ms - sale.starts_at_ms).toBeGreaterThan(-50);
    expect(flipped_at_ms - sale.starts_at_ms).toBeLessThan(5_000);
    await expect(item.buy).toBeEnabled();
    await expect(page.locator("html")).toHaveAttribute("data-not-reloaded", "");
    await expectAccessible(page);
  });

  await test.step("a wrong answer is told, and asks anew", async () => {
    guard.expectRefusal(422);
    await item.openQuiz();
    await expect(item.answer).toBeFocused();
    await expectAccessible(page);
    await item.sendAnswer("grey");
    await expect(item.quiz).toContainText("Not quite.");
    await item.questionShown();
    await expectAccessible(page);
  });

  const letPollsGo = await holdBack(page, "**/api/queue/**");
  await test.step("the right answer leads into the line, and the place in it is told", async () => {
    await item.sendAnswer();
    await expect(item.quiz).toBeHidden();
    await expect(item.status).toContainText("You are 1st in line");
    await expectAccessible(page);
  });

  await test.step("a reload in the middle finds the place again", async () => {
    // The page has not heard yet what became of its order.
    await page.reload();
    letPollsGo();
    await item.expectHeld();
    await expectAccessible(page);
  });

  await test.step("so does a second device", async () => {
    const device = await (await newDevice()).newPage();
    await device.goto(`/sign-in?next=/items/${sale.slug}`);
    await signInByForm(device, account);
    await new ItemPage(device).expectHeld();
  });

  await test.step("paying at the provider makes it the shopper's own", async () => {
    await page.getByRole("main").getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page).toHaveURL(/\/pay\//);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Pay", exact: true }).click();
    await expect(page).toHaveURL(/\/orders\/[\da-f-]{36}$/);
    await expect(page.getByRole("main")).toContainText("Paid. It is yours.");
    await expectAccessible(page);
    expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 3, free: 2, held: 0, sold: 1, balanced: true });
  });

  await test.step("my orders lists it, and the item's page remembers", async () => {
    await page.goto("/orders");
    await expect(page.getByRole("main")).toContainText("Brass kettle");
    await expect(page.getByRole("main")).toContainText("Paid");
    await expectAccessible(page);
  });
});

test("an answer that the server finds too fast is told, whatever the page thought", async ({
  context,
  page,
  guard,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ min_answer_ms: 5_000 });
  // A page with a wrong idea of the least time: the server alone decides.
  await page.route("**/api/sales/*/quiz", async (route) => {
    const answer = await route.fetch();
    const quiz = (await answer.json()) as { issued_at_ms: number };
    await route.fulfill({ response: answer, json: { ...quiz, earliest_answer_ms: quiz.issued_at_ms } });
  });
  guard.expectRefusal(422);
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.openQuiz();
  await item.sendAnswer();
  await expect(item.quiz).toContainText("faster than reading allows");
  await item.questionShown();
});

test("a shopper who cannot see the picture buys by keyboard, with the question in words", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  // A button that is not enabled yet takes no focus.
  await expect(item.buy).toBeEnabled();
  await item.buy.focus();
  await page.keyboard.press("Enter");
  await item.questionShown();
  await item.quiz.getByRole("button", { name: "Can’t see the picture?" }).focus();
  await page.keyboard.press("Enter");
  await expect(item.quiz).toContainText("What colour is the lantern?");
  await expectAccessible(page);
  await item.answer.focus();
  await page.keyboard.type("Vermilion");
  await expect(item.send).toBeEnabled();
  await page.keyboard.press("Enter");
  // The device works out a proof first, which takes seconds.
  await expect(item.status).toHaveText(/Held for you until/, { timeout: 30_000 });
});

test("a Buy that comes a moment before the server's start is sent again, without a word", async ({
  context,
  page,
  guard,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale();
  guard.expectRefusal(409);
  // What the server answers to a page whose clock is a few milliseconds fast.
  await page.route(
    "**/api/sales/*/quiz",
    (route) =>
      route.fulfill({
        status: 409,
        contentType: "application/problem+json",
        json: { type: "about:blank", title: "Conflict", status: 409, code: "sale_not_open", detail: "Not open yet." },
      }),
    { times: 1 },
  );
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.openQuiz();
  await item.sendAnswer();
  await item.expectHeld();
});

test("a visitor is told to sign in while that helps, and otherwise what became of the sale", async ({
  page,
  merchant,
}) => {
  const item = new ItemPage(page);
  const upcoming = await merchant.publishedSale({ starts_in_ms: 600_000 });
  await item.open(upcoming.slug);
  await expect(item.status).toHaveText("Sign in before the start, and the line is one step away.");

  const sale = await merchant.openSale();
  await item.open(sale.slug);
  await expect(item.status).toHaveText("Sign in to join the line.");
  await merchant.call("PATCH", `sales/${sale.sale_id}`, { paused: true });
  await expect(item.status).toContainText("The merchant has paused this sale.");
  await expect(item.buy).toBeDisabled();
  await expectAccessible(page);

  const short = await merchant.openSale({ lasts_ms: 3_000 });
  await new ItemPage(page, "zh").open(short.slug);
  await expect(item.status).toHaveText("登录后即可进入队列。");
  await expect(item.status).toHaveText("本场抢购已结束。");
});

test("Buy leads a visitor to the sign-in, and back", async ({ page, merchant }) => {
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.buy.click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signUp(page, newAccount());
  await expect(page).toHaveURL(new RegExp(`/items/${sale.slug}`));
  await expect(item.buy).toBeEnabled();
});

test("a wrong password is told beside the form", async ({ page, guard }) => {
  guard.expectRefusal(401);
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill("nobody@example.com");
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("main").getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("main")).toContainText("Email or password is wrong.");
  await expectAccessible(page);
});

test("sold out is told kindly, in the line and to those who come later", async ({
  context,
  page,
  guard,
  shop,
  merchant,
  newDevice,
}) => {
  const [shopper, quicker] = await newShoppers(shop, 2);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 1 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await item.openQuiz();
  expect((await quicker!.buy(sale.sale_id)).state).toBe("held");

  guard.expectRefusal(409);
  await item.sendAnswer();
  await expect(item.status).toContainText("Sold out");
  await expect(item.status).toContainText("Nothing was charged");
  await expectAccessible(page);

  await page.reload();
  await expect(item.buy).toBeDisabled();
  await expect(item.status).toContainText("All units are held or sold.");
  await expectAccessible(page);

  const visitor = new ItemPage(await (await newDevice()).newPage());
  await visitor.open(sale.slug);
  await expect(visitor.buy).toBeDisabled();
  await expect(visitor.status).toContainText("All units are held or sold.");
});

test("中文页面：立即抢购，直到付款保留", async ({ context, page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ title: "纸灯笼" });
  const item = new ItemPage(page, "zh");
  await item.open(sale.slug);
  await expect(page.locator("html")).toHaveAttribute("lang", /^zh/);
  await expect(item.buy).toBeEnabled();
  await expectAccessible(page);
  await item.openQuiz();
  await expectAccessible(page);
  await item.sendAnswer();
  await item.expectHeld();
  await expectAccessible(page);
});

test("a declined payment leaves the hold, and another try can pay", async ({ context, page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 2 });
  const { order_id } = await shopper!.buy(sale.sale_id);
  const main = page.getByRole("main");
  await page.goto(`/orders/${order_id}`);
  await main.getByRole("button", { name: "Pay", exact: true }).click();
  await page.getByRole("button", { name: "Decline" }).click();
  await expect(main.getByRole("status")).toContainText("The payment was declined.");
  await expect(page).toHaveURL(new RegExp(`/orders/${order_id}$`));
  await expect(main.getByRole("status")).toContainText("Held for you");
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 2, free: 1, held: 1, sold: 0, balanced: true });
  await main.getByRole("button", { name: "Pay", exact: true }).click();
  await expect(page).toHaveURL(/\/pay\//);
  await page.getByRole("button", { name: "Pay", exact: true }).click();
  await expect(main).toContainText("Paid. It is yours.");
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 2, free: 1, held: 0, sold: 1, balanced: true });
});

test("an order can be cancelled, and its unit is free again", async ({ context, page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 2 });
  const { order_id } = await shopper!.buy(sale.sale_id);
  await page.goto(`/orders/${order_id}`);
  await expect(page.getByRole("main").getByRole("status")).toContainText("Held for you");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Cancel the order" }).click();
  await page.getByRole("button", { name: "Yes, give them back" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("You cancelled this order.");
  await expect(page.getByRole("button", { name: "Pay", exact: true })).toBeHidden();
  await expectAccessible(page);
  expect(await merchant.ledger(sale.sale_id)).toEqual({ stock: 2, free: 2, held: 0, sold: 0, balanced: true });
});

test("the pages can be read on ink as on paper, and nothing is wider than a phone", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 390, height: 844 });
  const long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk<bau>";
  const open = await merchant.openSale({
    title: long,
    description: long,
    skus: [{ sku: "m", title: long, stock_units: 20, price_minor: 2_900 }],
    stock_units: 20,
  });
  const upcoming = await merchant.publishedSale({ starts_in_ms: 600_000 });
  const { order_id } = await shopper!.buy(open.sale_id, "m");
  const items = [`/items/${open.slug}`, `/zh/items/${open.slug}`, `/items/${upcoming.slug}`];
  for (const path of ["/", "/zh/", ...items, "/sign-in", "/orders", `/orders/${order_id}`]) {
    await page.goto(path);
    await expect(page.locator("html[data-alive]")).toBeAttached();
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expectNoOverflow(page);
    await expectAccessible(page);
  }
});
