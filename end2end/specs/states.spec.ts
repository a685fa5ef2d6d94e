import { expect, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { openMarket } from "../support/market.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";
import { ITEM_STATES, OTHER_STATES, stageFor } from "../support/states.ts";

// Every state of every shopper's page: a picture in both languages, on paper and on ink, on a phone and on a desk, for
// a person to look at (end2end/screenshots), and a check of each by axe.
test.use({ purpose: "states", deviceScaleFactor: 2 });
test.describe.configure({ mode: "parallel" });

const STATES = { item: ITEM_STATES, other: OTHER_STATES };
const SECONDS_EACH = 20;

test.beforeAll(async ({ merchant }) => {
  await openMarket(merchant);
});

for (const locale of ["en", "zh"] as const) {
  for (const [group, states] of Object.entries(STATES)) {
    test(`the states of the ${group} pages, ${locale}`, async ({ context, page, guard, shop, merchant }) => {
      test.setTimeout(SECONDS_EACH * 1_000 * Object.keys(states).length);
      for (const [name, reach] of Object.entries(states)) {
        await test.step(name, async () => {
          // A shopper for each, so that no limit or order of one shows in the next.
          const stage = await stageFor({ context, page, guard, shop, merchant }, locale);
          await page.setViewportSize(SIZES.phone);
          const letGo = await reach(stage);
          for (const [size, viewport] of Object.entries(SIZES)) {
            await page.setViewportSize(viewport);
            for (const theme of ["light", "dark"] as const) {
              await page.emulateMedia({ colorScheme: theme });
              await picturesAt(`${size}-${theme}`)(page, `${name.replaceAll(/\W+/g, "-")}-${locale}`);
              await expectNoOverflow(page);
              // The layout of the desk has the colours of the phone.
              if (size === "phone") await expectAccessible(page);
            }
          }
          await letGo?.();
          // What the page still asks would go out in the next shopper's name.
          await page.goto("about:blank");
        });
      }
    });
  }
}

test("without scripts the page says what it is and when the sale starts", async ({ browser, shop, merchant }) => {
  const sale = await merchant.publishedSale({ title: "Paper lantern", starts_in_ms: 600_000 });
  const context = await browser.newContext({ baseURL: shop.origin, javaScriptEnabled: false, viewport: SIZES.phone });
  const page = await context.newPage();
  for (const [locale, prefix, told] of [
    ["en", "", "needs JavaScript"],
    ["zh", "/zh", "需要启用 JavaScript"],
  ] as const) {
    await page.goto(`${prefix}/items/${sale.slug}`);
    await expect(page.locator(".no-script")).toContainText(told);
    await expect(page.locator("time").first()).toContainText("UTC");
    await picturesAt("phone-light")(page, `no-script-${locale}`, true);
  }
  await context.close();
});
