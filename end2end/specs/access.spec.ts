import type { Locator, Page } from "@playwright/test";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { QUESTION } from "../support/merchant.ts";
import { ItemPage } from "../support/pages.ts";
import { SIZES } from "../support/pictures.ts";

// Usable by everyone: keys alone, a magnified page, colours that the system forces, no motion, a steady finger.

const MOST_TABS = 40;
/** Forced colours are the system's, and axe reads those that the page had asked for. */
const FORCED = ["color-contrast"];

/** Goes on with the Tab key until the keyboard is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let tab = 0; tab < MOST_TABS; tab += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${MOST_TABS} presses of Tab do not lead to ${String(target)}`);
}

test("a whole purchase goes by the keyboard alone", async ({ context, page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();

  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await tabTo(page, item.buy);
  await page.keyboard.press("Enter");
  await item.questionShown();
  await expect(item.answer, "the keyboard is where the answer goes").toBeFocused();

  await page.keyboard.press("Escape");
  await expect(item.quiz).toBeHidden();
  await expect(item.buy, "and back where it was").toBeFocused();
  await page.keyboard.press("Enter");
  await item.questionShown();
  await page.keyboard.type(QUESTION.answer);
  await expect(item.send).toBeEnabled();
  await page.keyboard.press("Enter");
  await item.expectHeld();

  const pay = page.getByRole("main").getByRole("button", { name: "Pay", exact: true });
  await expect(pay, "what comes next has the keyboard").toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pay for your order");
  await expect(pay).toBeEnabled();
  await tabTo(page, pay);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toContainText("Paid. It is yours.");
});

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const locale of ["en", "zh"] as const) {
    test(`nothing moves under the finger, from the first paint over the flip: ${size}, ${locale}`, async ({
      page,
      merchant,
    }) => {
      await page.setViewportSize(viewport);
      await page.addInitScript(() => {
        const seen: string[] = [];
        Object.assign(window, { seenShifts: seen });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const sources = (Reflect.get(entry, "sources") as { node: Node | null }[]).map(({ node }) => node);
            // A numeral begins where its width says: that is the board doing its work.
            const elsewhere = sources.filter((node) => !node?.parentElement?.closest("[role=timer]"));
            if (elsewhere.length > 0) seen.push(JSON.stringify(entry));
          }
        }).observe({ type: "layout-shift", buffered: true });
      });
      const sale = await merchant.publishedSale({ starts_in_ms: 5_000 });
      const item = new ItemPage(page, locale);
      await item.open(sale.slug);
      await expect(item.buy).toBeDisabled();
      await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
      const boxes = () =>
        Promise.all([item.buy, item.timer, item.status, item.price].map((locator) => locator.boundingBox()));
      const before = await boxes();
      await expect(item.buy).toBeEnabled();
      expect(await boxes()).toEqual(before);
      expect(await page.evaluate(() => Reflect.get(window, "seenShifts") as string[])).toEqual([]);
    });
  }
}

test("digits roll and ink sweeps, but not for those who asked for no motion", async ({ page, merchant }) => {
  const sale = await merchant.openSale();
  const item = new ItemPage(page);
  /** Whether anything is animated while the board changes a few times. */
  const moved = () =>
    page.evaluate(async () => {
      const board = document.querySelector("[role=timer]");
      let changes = 0;
      const watch = new MutationObserver(() => (changes += 1));
      if (board !== null) watch.observe(board, { subtree: true, characterData: true });
      let animations = 0;
      while (changes < 3) {
        animations += document.getAnimations().length;
        await new Promise(requestAnimationFrame);
      }
      return animations > 0;
    });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();
  expect(await moved(), "there is motion to leave out").toBe(true);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await moved()).toBe(false);
});

test("at 200 % and at 400 % nothing is lost and nothing scrolls sideways", async ({ context, page, shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  const skus = [
    { sku: "eu-38", title: "EU 38", stock_units: 4, price_minor: 2_900 },
    { sku: "eu-44-wide", title: "EU 44, extra wide", stock_units: 4, price_minor: 3_900 },
  ];
  const kinds = await merchant.openSale({ title: "Rangefinder-camera", stock_units: 8, per_shopper_limit: 3, skus });
  const held = await merchant.openSale();
  const { order_id } = await shopper!.buy(held.sale_id);
  const upcoming = await merchant.publishedSale({ starts_in_ms: 90_000_000 });
  const items = [kinds.slug, held.slug, upcoming.slug].map((slug) => `/items/${slug}`);
  // 1280 by 1024 pixels, magnified.
  for (const viewport of [
    { width: 640, height: 512 },
    { width: 320, height: 256 },
  ]) {
    await page.setViewportSize(viewport);
    for (const path of ["/", "/sign-in", "/orders", `/orders/${order_id}`, ...items]) {
      for (const prefix of ["", "/zh"]) {
        await page.goto(`${prefix}${path}`);
        await expect(page.locator("html")).toHaveAttribute("data-alive", "");
        await expectNoOverflow(page);
      }
    }
    const item = new ItemPage(page);
    await item.open(kinds.slug);
    await item.kinds.getByRole("radio", { name: "EU 38" }).check();
    await item.openQuiz();
    await expectNoOverflow(page);
    await item.quiz.getByRole("button", { name: "Close" }).scrollIntoViewIfNeeded();
    await expect(item.quiz.getByRole("button", { name: "Close" })).toBeInViewport();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
  }
});

test("the colours that a system forces leave every part to be seen and told apart", async ({
  context,
  page,
  shop,
  merchant,
}) => {
  const [shopper] = await newShoppers(shop, 1);
  await signIn(context, shop, shopper!);
  await page.emulateMedia({ forcedColors: "active" });
  const skus = [
    { sku: "s", title: "Small", stock_units: 4, price_minor: 2_900 },
    { sku: "l", title: "Large", stock_units: 4, price_minor: 2_900 },
  ];
  const sale = await merchant.openSale({ stock_units: 8, skus });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.buy).toBeEnabled();
  await item.kinds.getByRole("radio", { name: "Large" }).check();
  const outline = (name: string) =>
    page.locator(".kind", { hasText: name }).evaluate((label) => getComputedStyle(label).outlineStyle);
  expect([await outline("Small"), await outline("Large")], "the choice is outlined").toEqual(["none", "solid"]);
  await item.openQuiz();
  await expectAccessible(page, FORCED);
  const bar = item.quiz.getByRole("progressbar");
  expect(await bar.evaluate((element) => getComputedStyle(element).appearance), "the system's own bar").toBe("auto");
  await item.sendAnswer();
  await item.expectHeld();
  await expectAccessible(page, FORCED);
});

test("what may be told later has its place in the accessibility tree from the outset", async ({ page, merchant }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 600_000 });
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  await expect(item.status).toHaveCount(1);
  await expect(page.getByRole("banner").getByRole("alert")).toHaveText("");
  await page.goto("/sign-in");
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("");
});
