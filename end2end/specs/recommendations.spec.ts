import { expect, test } from "../support/fixtures.ts";
import { expectAccessible } from "../support/guard.ts";
import type { PublishedSale } from "../support/merchant.ts";
import { ItemPage } from "../support/pages.ts";
import { pause } from "../support/time.ts";

// A catalogue of its own, for the order of what is recommended is looked at.
test.use({ purpose: "recommendations" });

const MINUTE_MS = 60_000;
let [here, kettle, teapot]: PublishedSale[] = [];

test.beforeAll(async ({ merchant }) => {
  const upcoming = (title: string, minutes: number) =>
    merchant.publishedSale({ title, starts_in_ms: minutes * MINUTE_MS });
  here = await upcoming("Rangefinder camera", 5);
  await upcoming("Paper lantern", 10);
  kettle = await upcoming("Brass kettle", 20);
  teapot = await upcoming("紫砂壶", 30);
});

test("what is on next is recommended, in the visitor's language and without what was just looked at first", async ({
  page,
}) => {
  const titles = page.getByRole("main").getByRole("region", { name: /Also on the board|更多抢购/ }).getByRole("link");
  const item = new ItemPage(page);
  await item.open(here!.slug);
  await expect(titles).toHaveText([/^Paper lantern/, /^Brass kettle/, /^紫砂壶/]);
  await expectAccessible(page);

  // Just looked at, the lantern comes after the kettle.
  await titles.first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Paper lantern");
  await item.open(here!.slug);
  await expect(titles).toHaveText([/^Brass kettle/, /^Paper lantern/, /^紫砂壶/]);

  await new ItemPage(page, "zh").open(here!.slug);
  await expect(titles.first()).toContainText("紫砂壶");
  await expect(titles.first()).toHaveAttribute("href", `/zh/items/${teapot!.slug}`);
});

test("only names of items are remembered, and few of them", async ({ page, merchant }) => {
  const slugs: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const { slug } = await merchant.publishedSale({ starts_in_ms: 40 * MINUTE_MS });
    slugs.unshift(slug);
    await new ItemPage(page).open(slug);
    await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  }
  const kept = await page.evaluate(() => Object.entries(localStorage));
  expect(kept).toEqual([["stampede.seen", slugs.slice(0, 7).join(",")]]);
});

for (const [how, answer] of [
  ["fails", { status: 503, contentType: "text/plain", body: "" }],
  ["is switched off", { status: 404, contentType: "application/problem+json", json: { code: "not_found" } }],
  ["is empty", { status: 200, json: { items: [] } }],
  ["is nonsense", { status: 200, contentType: "text/html", body: "<p>not JSON" }],
] as const) {
  test(`a page whose recommendations' fragment ${how} is whole without it`, async ({ page, guard }) => {
    guard.expectRefusal(answer.status);
    const item = new ItemPage(page);
    const height = () => page.getByRole("main").evaluate((main) => main.getBoundingClientRect().height);
    // Held back for good: the page as it is before the fragment comes.
    await page.route("**/csi/recommendations?*", () => undefined);
    // Once it has asked it does not ask again: else the answer below could be this page's, which is gone before it is read.
    const asked = page.waitForRequest("**/csi/recommendations?*");
    await item.open(kettle!.slug);
    await asked;
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    const without = await height();
    await page.unroute("**/csi/recommendations?*", undefined);

    const answered = page.waitForResponse("**/csi/recommendations?*");
    await page.route("**/csi/recommendations?*", (route) => route.fulfill(answer));
    await page.reload();
    // A body that the page has no use for it may leave unread, and then it is never finished.
    await Promise.race([(await answered).finished(), pause(1_000)]);
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    await expect(page.getByText("Also on the board")).toBeHidden();
    expect(await height()).toBe(without);
    await expect(page.getByRole("banner").getByRole("alert")).toHaveText("");
  });
}
