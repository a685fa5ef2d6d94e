import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectReadableOnAPhone } from "../support/guard.ts";
import { ItemPage } from "../support/pages.ts";

test("a shopper enters a draw, hears the outcome by itself, and anyone can have the file", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale({ stock_units: 3, entries_open_ms: 14_000 });
  const item = new ItemPage(page);

  await test.step("the page says that a draw decides and shows the seed's fingerprint", async () => {
    await item.open(sale.slug);
    await expect(item.status).toContainText("Buy now enters the draw; being first buys nothing.");
    await expect(page.locator(".caption")).toHaveText("Entries are open. They close in");
    await expect(page.locator(".fingerprint")).toHaveText(/^[0-9a-f]{64}$/);
    await expectAccessible(page);
    await expectReadableOnAPhone(page);
  });

  await test.step("who enters is told so", async () => {
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.status).toContainText("You are in the draw");
    await expectAccessible(page);
  });

  await test.step("after the close the page tells the outcome", async () => {
    await expect(item.status).toHaveText(/Held for you until/, { timeout: 60_000 });
    await expectAccessible(page);
  });

  await test.step("the file is there for anyone, and has no shopper in it", async () => {
    const answer = await page.request.get(`/api/sales/${sale.sale_id}/draw/entries`);
    expect(answer.status()).toBe(200);
    const file = await answer.json();
    expect(file).toMatchObject({ format: "stampede-draw", version: 1 });
    expect(file.commitment).toBe(await page.locator(".fingerprint").textContent());
    expect(JSON.stringify(file)).not.toContain("shopper");
  });
});
