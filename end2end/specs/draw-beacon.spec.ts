import { randomUUID } from "node:crypto";
import { AdminPages } from "../support/admin.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectReadableOnAPhone } from "../support/guard.ts";
import { ItemPage } from "../support/pages.ts";

const VALUE = "0123456789abcdef".repeat(4);

test("a draw that waits for its public value is held in the merchant's view, and its check names the value", async ({
  context,
  page,
  shop,
  merchant,
  guard,
  newDevice,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const [shopper] = await newShoppers(shop, 1);
  const beacon = { description: "drand quicknet round 1234567", due_in_ms: 300_000 };
  const sale = await merchant.openSale({ stock_units: 3, entries_open_ms: 5_000, beacon });
  await shopper!.order(sale.sale_id, await shopper!.pass(sale.sale_id), randomUUID());
  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  await page.goto(`/admin/sales/${sale.sale_id}`);
  const draw = admin.main.getByRole("region", { name: "Draw", exact: true });
  const hold = draw.getByRole("button", { name: "Hold the draw…" });
  const sure = draw.getByRole("dialog").getByRole("button", { name: "Hold the draw" });

  await test.step("the seed's fingerprint is there to be copied from the outset", async () => {
    const fingerprint = await draw.locator("code").textContent();
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    await draw.getByRole("button", { name: "Copy: Fingerprint of the seed" }).click();
    await expect(draw).toContainText("Copied");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(fingerprint);
  });

  await test.step("after the close the value is asked for, with what it means and until when", async () => {
    await merchant.untilDrawn(sale.sale_id, "closed");
    await expect(draw).toContainText("1 entry. The draw waits for the public value.");
    await expect(draw).toContainText("Named before the start: drand quicknet round 1234567.");
    await expect(draw).toContainText(/Due .*\d\d:\d\d:\d\d, in \d.*Without it the sale is called off/);
    await expectAccessible(page);
    await expectReadableOnAPhone(page);
  });

  await test.step("what is no value is told beside the field", async () => {
    await page.getByLabel("Public value").fill("round 1234567");
    await hold.click();
    await expect(page.getByLabel("Public value")).toBeFocused();
    await expect(page.getByLabel("Public value")).toHaveAccessibleDescription(/A value has 64 hexadecimal digits/);
    await expectAccessible(page);
  });

  await test.step("a refusal is told in the server's words", async () => {
    guard.expectRefusal(409);
    const detail = "The value is not taken now.";
    const problem = { type: "about:blank", title: "Refused", status: 409, code: "beacon_refused", detail };
    await page.route("**/beacon", (route) =>
      route.fulfill({ status: 409, contentType: "application/problem+json", json: problem }),
    );
    await page.getByLabel("Public value").fill(` ${VALUE.toUpperCase()} `);
    await hold.click();
    await expect(draw.getByRole("dialog")).toContainText(`The value is ${VALUE}. It can be given once`);
    await sure.click();
    await expect(draw.getByRole("alert")).toHaveText(detail);
    await page.unroute("**/beacon");
  });

  await test.step("the draw is held with it, and the form is gone", async () => {
    await hold.click();
    await sure.click();
    await expect(draw).toContainText("Drawn among 1 entry; 1 won.");
    await expect(draw).toContainText("The draw is held with this value.");
    await expect(draw).toContainText(VALUE);
    await expect(hold).toHaveCount(0);
    await expectAccessible(page);
  });

  await test.step("the check in the shop's page names it, to be compared with its source", async () => {
    const device = await newDevice();
    await signIn(device, shop, shopper!);
    const shopperPage = await device.newPage();
    await new ItemPage(shopperPage).open(sale.slug);
    await shopperPage.getByRole("button", { name: "Check the draw" }).click();
    const told = shopperPage.locator(".check-draw [aria-live]");
    await expect(told.locator(".verdict")).toHaveText("The draw is right. You came 1st of 1 and got 1 unit.");
    await expect(told.locator("li.note", { hasText: "Compare it with its source" })).toContainText(VALUE);
  });
});
