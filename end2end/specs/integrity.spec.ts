import type { Page } from "@playwright/test";
import { expect, newShoppers, test } from "../support/fixtures.ts";
import { Wire, type Passing } from "../support/wire.ts";

const KINDS = ["css", "boot", "js", "wasm"] as const;
type Kind = (typeof KINDS)[number];

/** Which of a page's files an address is, if it is one of those that run or dress it. */
function kindOf(path: string): Kind | undefined {
  if (/^\/assets\/boot\..*\.js$/.test(path)) return "boot";
  return (/^\/assets\/.*\.(css|js|wasm)$/.exec(path)?.[1] as Kind | undefined) ?? undefined;
}

/** Adds what would be noticed if it were used, and leaves the file whole, so that only its digest speaks against it. */
function tampered(kind: Kind, bytes: Buffer): Buffer {
  const more = {
    css: Buffer.from("\n:root { --tampered: 1 }\n"),
    boot: Buffer.from("\n;document.documentElement.dataset.tamperedBoot = '';\n"),
    js: Buffer.from("\n;document.documentElement.dataset.tamperedJs = '';\n"),
    // A custom section, empty but for its name: legal in any module.
    wasm: Buffer.from([0, 2, 1, 0x78]),
  }[kind];
  return Buffer.concat([bytes, more]);
}

function tamper(wire: Wire, kind: Kind): void {
  wire.change = (passing) => {
    if (kindOf(passing.path) === kind) passing.bytes = tampered(kind, passing.bytes);
  };
}

/** What of a page is at work. */
function traces(page: Page): Promise<Record<Exclude<Kind, "wasm"> | "alive", boolean>> {
  return page.evaluate(() => {
    const root = document.documentElement;
    return {
      css: getComputedStyle(root).getPropertyValue("--tampered") !== "",
      boot: "tamperedBoot" in root.dataset,
      js: "tamperedJs" in root.dataset,
      alive: "alive" in root.dataset,
    };
  });
}

/** A style sheet that waits before it speaks need not be waited for. */
async function letTimePass(page: Page): Promise<void> {
  await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
}

test.describe("a file that was changed on its way", () => {
  let wire: Wire;
  test.beforeEach(async ({ shop }) => {
    wire = await Wire.before(shop.origin);
  });
  test.afterEach(() => wire.close());

  for (const kind of KINDS) {
    test(`is not used by any page, and the page says so kindly: ${kind}`, async ({ browser, shop, merchant }) => {
      const sale = await merchant.publishedSale({ starts_in_ms: 60_000 });
      const [shopper] = await newShoppers(shop, 1);
      tamper(wire, kind);
      for (const path of ["/", `/zh/items/${sale.slug}`, "/sign-in", "/orders", "/admin"]) {
        await test.step(path, async () => {
          // Unguarded: the browser's console is to tell of the refusal.
          const context = await browser.newContext({ extraHTTPHeaders: { cookie: shopper!.cookie } });
          const page = await context.newPage();
          const refusal = page.waitForEvent("console", (message) => /integrity/i.test(message.text()));
          await page.goto(wire.origin + path);
          await refusal;
          if (kind === "css") await expect(page.locator("html[data-alive]")).toBeAttached();
          if (kind === "boot") await letTimePass(page);
          await expect(page.locator(".stalled")).toBeVisible();
          await expect(page.locator(".stalled")).toContainText(path.startsWith("/zh") ? "请刷新" : /reload/i);
          expect(await traces(page)).toEqual({ css: false, boot: false, js: false, alive: kind === "css" });
          await context.close();
        });
      }
    });
  }

  test("would run if the page did not name its digest", async ({ browser }) => {
    for (const kind of KINDS) {
      const context = await browser.newContext();
      const page = await context.newPage();
      wire.change = (passing: Passing) => {
        delete passing.headers["integrity-policy"];
        const pageKind = kindOf(passing.path);
        if (pageKind === kind) passing.bytes = tampered(kind, passing.bytes);
        if (pageKind === undefined && passing.headers["content-type"]?.toString().startsWith("text/html") === true) {
          passing.bytes = Buffer.from(passing.bytes.toString().replace(/ (data-wasm-)?integrity="[^"]*"/g, ""));
        }
      };
      await page.goto(`${wire.origin}/`);
      await expect(page.locator("html[data-alive]")).toBeAttached();
      if (kind !== "wasm") expect((await traces(page))[kind]).toBe(true);
      await context.close();
    }
  });

  test("and a script without a digest is refused where the browser knows how", async ({ browser }) => {
    wire.change = (passing) => {
      if (passing.path === "/") {
        passing.bytes = Buffer.from(passing.bytes.toString().replace(/(boot\.\w+\.js") integrity="[^"]*"/, "$1"));
      }
    };
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${wire.origin}/`, { waitUntil: "networkidle" });
    expect([...wire.asked.keys()].map(kindOf).filter((kind) => kind !== undefined).sort()).toEqual(["css", "js", "wasm"]);
    expect((await traces(page)).alive).toBe(false);
    await page.context().close();
  });
});

test("the check of a draw that was changed on its way is not used, and the page says so kindly", async ({
  browser,
  shop,
  merchant,
}) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 60_000, entries_open_ms: 10_000 });
  const wire = await Wire.before(shop.origin);
  for (const kind of ["js", "wasm"] as const) {
    wire.change = (passing) => {
      if (passing.path.startsWith("/assets/draw.")) {
        if (kindOf(passing.path) === kind) passing.bytes = tampered(kind, passing.bytes);
      }
    };
    // Unguarded: the browser's console is to tell of the refusal.
    const page = await (await browser.newContext()).newPage();
    const refusal = page.waitForEvent("console", (message) => /integrity/i.test(message.text()));
    await page.goto(`${wire.origin}/items/${sale.slug}`);
    await page.getByRole("button", { name: "Check the draw" }).click();
    await refusal;
    await expect(page.locator(".check-draw [aria-live]")).toHaveText(/The shop did not answer/);
    expect((await traces(page)).js).toBe(false);
    await page.context().close();
  }
  await wire.close();
});

test("every file of a page is fetched once, and none is fetched in vain", async ({ browser, shop, merchant, guard }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 60_000 });
  const wire = await Wire.before(shop.origin);
  // The admin asks who is there.
  guard.expectRefusal(401);
  const inVain: string[] = [];
  for (const path of [`/items/${sale.slug}`, "/sign-in", "/admin"]) {
    await test.step(path, async () => {
      wire.asked.clear();
      // Each time a browser that has not been here before.
      const context = await browser.newContext();
      await guard.watch(context);
      const page = await context.newPage();
      page.on("console", (message) => {
        if (/preload.*not used/i.test(message.text())) inVain.push(message.text());
      });
      await page.goto(wire.origin + path, { waitUntil: "networkidle" });
      await expect(page.locator("html[data-alive]")).toBeAttached();
      const files = [...wire.asked].filter(([asked]) => kindOf(asked) !== undefined);
      expect(files.map(([asked]) => kindOf(asked)).sort()).toEqual([...KINDS].sort());
      expect(files.filter(([, times]) => times !== 1)).toEqual([]);
      // Chromium tells of a preload that nothing used a few seconds after the page has loaded.
      await page.waitForTimeout(4_000);
      await context.close();
    });
  }
  expect(inVain).toEqual([]);
  await wire.close();
});
