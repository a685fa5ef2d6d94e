import type { Locator, Page } from "@playwright/test";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectReadableOnAPhone } from "../support/guard.ts";
import { randomUUID } from "node:crypto";
import { ItemPage } from "../support/pages.ts";
import type { Shopper } from "../support/shopper.ts";

const ENTRIES_OPEN_MS = 9_000;

/** Who enters and does not wait. */
async function enters(shopper: Shopper, sale_id: string): Promise<void> {
  await shopper.order(sale_id, await shopper.pass(sale_id), randomUUID());
}

class CheckPart {
  readonly part: Locator;
  readonly told: Locator;
  readonly button: Locator;

  constructor(page: Page) {
    this.part = page.locator(".check-draw");
    this.told = this.part.locator("[aria-live=polite]");
    this.button = this.part.getByRole("button", { name: /^(Check the draw|核对抽签)$/ });
  }

  /** The findings with a mark: right, wrong or note. */
  marked(mark: string): Locator {
    return this.told.locator(`li.${mark}`);
  }
}

test("a draw is checked in the page with one button, from before the draw to the shopper's own place", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const shoppers = await newShoppers(shop, 4);
  await signIn(context, shop, shoppers[0]!);
  const sale = await merchant.openSale({ stock_units: 2, entries_open_ms: ENTRIES_OPEN_MS });
  const item = new ItemPage(page);
  const check = new CheckPart(page);
  await item.open(sale.slug);

  await test.step("before the draw the button says what is to come", async () => {
    await check.button.click();
    await expect(check.told).toHaveText("The draw has not been held yet: entries are still open.");
    await expect(page.getByRole("link", { name: "Check the draw" })).toBeHidden();
  });

  for (const shopper of shoppers) await enters(shopper, sale.sale_id);
  await merchant.untilDrawn(sale.sale_id);

  await test.step("after it everything is computed again, by the keyboard alone", async () => {
    const link = page.getByRole("link", { name: "Check the draw" });
    await link.focus();
    await page.keyboard.press("Enter");
    await check.button.focus();
    await page.keyboard.press("Enter");
    await expect(check.told.locator(".verdict")).toHaveText(
      /^The draw is right\. You came (1st|2nd) of 4 and got 1 unit\.$|^The draw is right\. You came (3rd|4th) of 4, too late/,
    );
    await expect(check.button).toBeFocused();
    await expect(check.marked("wrong")).toHaveCount(0);
    await expect(check.marked("right")).toHaveCount(7);
    for (const found of [
      "The draw used the seed whose fingerprint stands on this page.",
      "This browser noted the same fingerprint before the entries closed",
      "The seed that was revealed has this fingerprint.",
      "The 4 entries are those that were fixed at the close",
      "Every entry has the place that seed and entries give it.",
      "2 units were there, and the first in the draw got them: 2 entries.",
      "Your own entry is among them, by its receipt",
    ]) {
      await expect(check.marked("right").filter({ hasText: found })).toHaveCount(1);
    }
    await expect(check.marked("note")).toHaveCount(1);
    await expect(check.marked("note")).toContainText("No public value was mixed in");
    await expectAccessible(page);
    await expectReadableOnAPhone(page);
  });

  await test.step("also in Chinese", async () => {
    await new ItemPage(page, "zh").open(sale.slug);
    await check.button.click();
    await expect(check.told.locator(".verdict")).toHaveText(/^抽签无误。您排在第 \d 位，共 4 份登记/);
    await expect(check.marked("right")).toHaveCount(7);
    await expectReadableOnAPhone(page);
  });

  await test.step("and on the order of one who got something", async () => {
    const orders = shoppers.map(async (shopper) => ({
      shopper,
      mine: await shopper.call<{ orders: { order_id: string }[] }>("GET", `/api/sales/${sale.sale_id}/mine`),
    }));
    const winner = (await Promise.all(orders)).find(({ mine }) => mine.orders.length > 0)!;
    await context.clearCookies();
    await signIn(context, shop, winner.shopper);
    await page.goto(`/orders/${winner.mine.orders[0]!.order_id}`);
    await check.button.click();
    await expect(check.told.locator(".verdict")).toHaveText(/You came (1st|2nd) of 4 and got 1 unit\.$/);
    await expectAccessible(page);
    await expectReadableOnAPhone(page);
  });

  await test.step("a visitor who is not signed in checks what is public", async () => {
    await context.clearCookies();
    await item.open(sale.slug);
    await check.button.click();
    await expect(check.told.locator(".verdict")).toHaveText("The draw is right.");
    await expect(check.told).toContainText("Sign in, and your own entry is checked too.");
  });
});

interface DrawFile {
  seed: string;
  root: string;
  commitment: string;
  entries: { order_id: string; quantity: number; won: boolean }[];
}

test("a record that was tampered with is told as what it is, and a lost connection kindly", async ({
  context,
  page,
  shop,
  merchant,
  guard,
}) => {
  const shoppers = await newShoppers(shop, 3);
  await signIn(context, shop, shoppers[0]!);
  const sale = await merchant.openSale({ stock_units: 2, entries_open_ms: ENTRIES_OPEN_MS });
  for (const shopper of shoppers) await enters(shopper, sale.sale_id);
  await merchant.untilDrawn(sale.sale_id);
  const check = new CheckPart(page);
  await new ItemPage(page).open(sale.slug);

  let change: (file: DrawFile) => void = () => {};
  await page.route("**/draw/entries", async (route) => {
    const answer = await route.fetch();
    const file = (await answer.json()) as DrawFile;
    change(file);
    await route.fulfill({ response: answer, json: file });
  });
  const others = { seed: "0".repeat(64), commitment: "1".repeat(64) };
  const cases: [named: string, change: (file: DrawFile) => void][] = [
    ["The ranking does not follow: place 1 belongs to another entry.", ({ entries }) => entries.reverse()],
    ["The entries are not those that were fixed at the close", ({ entries }) => (entries[2]!.quantity = 2)],
    ["The entries are not those that were fixed at the close", ({ entries }) => entries.pop()],
    ["One entry is there twice, the second time at place 4.", ({ entries }) => entries.push(entries[0]!)],
    ["The entry at place 3 got units that it should not have got.", ({ entries }) => (entries[2]!.won = true)],
    ["it is not the one that was fixed before the start", (file) => (file.seed = others.seed)],
    ["The fingerprint in the record is not the one on this page.", (file) => (file.commitment = others.commitment)],
    ["The shop’s record of the draw cannot be read as one.", (file) => (file.root = "nothing")],
  ];
  for (const [named, tamper] of cases) {
    await test.step(named, async () => {
      change = tamper;
      await check.button.click();
      await expect(check.marked("wrong").filter({ hasText: named })).toHaveCount(1);
      await expect(check.told.locator(".verdict")).toContainText("This draw does not check out.");
    });
  }
  await expectAccessible(page);
  await expectReadableOnAPhone(page);

  await test.step("another fingerprint than the one that this browser noted", async () => {
    await page.evaluate(() => {
      const slot = "stampede-fingerprints";
      localStorage.setItem(slot, (localStorage.getItem(slot) ?? "").replace(/ [0-9a-f]{64} /, ` ${"2".repeat(64)} `));
    });
    change = () => {};
    await check.button.click();
    await expect(check.marked("wrong")).toHaveCount(1);
    await expect(check.marked("wrong")).toContainText("this browser noted another fingerprint");
  });

  await test.step("no connection", async () => {
    guard.expectLostConnections();
    await page.unroute("**/draw/entries");
    await page.route("**/draw/entries", (route) => route.abort());
    await check.button.click();
    await expect(check.told).toHaveText("The shop did not answer. Look at your connection, and press again.");
    await page.unroute("**/draw/entries");
    await check.button.click();
    await expect(check.told.locator(".findings li")).not.toHaveCount(0);
  });
});

test("the code of the check comes when it is asked for, by an attempt that can be made again", async ({
  page,
  merchant,
  guard,
}) => {
  const sale = await merchant.openSale({ entries_open_ms: 60_000 });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const check = new CheckPart(page);
  await new ItemPage(page).open(sale.slug);
  await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  expect(asked.filter((path) => path.startsWith("/assets/draw."))).toEqual([]);

  guard.expectLostConnections();
  await page.route("**/assets/draw.*", (route) => route.abort());
  await check.button.click();
  await expect(check.told).toHaveText("The shop did not answer. Look at your connection, and press again.");
  await page.unroute("**/assets/draw.*");
  await check.button.click();
  await expect(check.told).toHaveText("The draw has not been held yet: entries are still open.");
});

test("the fingerprint is copied at a press", async ({ context, page, merchant }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const sale = await merchant.publishedSale({ starts_in_ms: 60_000, entries_open_ms: 10_000 });
  await new ItemPage(page).open(sale.slug);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Copied", exact: true })).toBeFocused();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    await page.locator(".draw > .copyable .fingerprint").textContent(),
  );
});
