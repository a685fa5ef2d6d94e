import { randomBytes } from "node:crypto";
import { AdminPages } from "../support/admin.ts";
import { expect, newShoppers, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { QUESTION } from "../support/merchant.ts";

test("a merchant makes an item and a sale, publishes, watches the units move, pauses and ends it", async ({
  page,
  guard,
  shop,
  merchant,
}) => {
  const admin = new AdminPages(page);
  const slug = `camera-${randomBytes(4).toString("hex")}`;

  await test.step("the view opens to merchants only", async () => {
    // The first question of the view is who is asking; nobody is, yet.
    guard.expectRefusal(401);
    await page.goto("/admin");
    await expect(page).toHaveURL(/\/admin\/sign-in/);
    await expectAccessible(page);
    await admin.signIn({ email: merchant.email, password: "not the password" });
    await expect(admin.main).toContainText("The e-mail address or the password is wrong.");
    await admin.signIn(merchant);
    await expect(page).toHaveURL(/\/admin$/);
    await expectAccessible(page);
  });

  await test.step("an item and a sale are made in the forms", async () => {
    await admin.createItem({
      slug,
      title: "Rangefinder camera",
      description: "A quiet shutter and a bright frame.",
      price: "699.00",
    });
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("New sale");
    await expectAccessible(page);
    await admin.createSale({ price: "299.00", units: "5", question: QUESTION.prompt, answer: QUESTION.answer });
    await expectAccessible(page);
  });
  const sale_id = admin.saleId;

  await test.step("published, it stands in the shop", async () => {
    // The preset starts in a minute; the test need not wait for all of it.
    await merchant.call("PATCH", `sales/${sale_id}`, {
      starts_at_ms: Date.now() + 2_000,
      quiz: { kind: "bank", questions: [QUESTION], min_answer_ms: 0, max_answer_ms: 60_000 },
    });
    await page.reload();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await expect(admin.main.getByText(/^Published, revision \d+\.$/)).toBeVisible();
    const visitor = await page.context().newPage();
    await visitor.goto(`/items/${slug}`);
    await expect(visitor.getByRole("heading", { level: 1 })).toHaveText("Rangefinder camera");
    await expect(visitor.getByRole("main")).toContainText("¥299.00");
    await visitor.close();
  });

  await test.step("the units move while shoppers order and pay", async () => {
    await merchant.untilPhase(sale_id, "open");
    const [first, second] = await newShoppers(shop, 2);
    const held = await first!.buy(sale_id);
    expect((await second!.buy(sale_id)).state).toBe("held");
    await admin.expectUnits("Held", 2);
    await admin.expectUnits("Free", 3);
    await first!.pay(held.order_id);
    await admin.expectUnits("Sold", 1);
    await expect(admin.orders).toContainText("Paid");
    await expectAccessible(page);
  });

  await test.step("it can be read on ink as on paper, and nothing is wider than a phone", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 844 });
    await expectAccessible(page);
    await expectNoOverflow(page);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await test.step("paused, it admits nobody; resumed, it goes on", async () => {
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await merchant.untilPhase(sale_id, "paused");
    await expect(admin.main).toContainText("Paused");
    const [shopper] = await newShoppers(shop, 1);
    await expect(shopper!.quiz(sale_id)).rejects.toThrow("sale_paused");
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await merchant.untilPhase(sale_id, "open");
  });

  await test.step("ended, it is over for good", async () => {
    await page.getByRole("button", { name: "End now…", exact: true }).click();
    await expectAccessible(page);
    await page.getByRole("dialog").getByRole("button", { name: "End the sale" }).click();
    await merchant.untilPhase(sale_id, "ended");
    await expect(admin.main).toContainText("Ended");
    expect(await merchant.ledger(sale_id)).toMatchObject({ stock: 5, sold: 1, balanced: true });
  });
});

test("a form says what is wrong before and after it asks the server", async ({ page, guard, merchant }) => {
  guard.expectRefusal(401);
  guard.expectRefusal(409);
  const taken = await merchant.publishedSale({ starts_in_ms: 600_000 });
  const admin = new AdminPages(page);
  await page.goto("/admin");
  await admin.signIn(merchant);
  await admin.createItem({ slug: taken.slug, title: "Another lantern", description: "The same name.", price: "10.00" });
  await expect(admin.main).toContainText(/taken|already/i);
  await expectAccessible(page);
});
