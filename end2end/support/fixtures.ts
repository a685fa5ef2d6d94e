import { randomBytes } from "node:crypto";
import { test as base, expect, type BrowserContext } from "@playwright/test";
import { PageGuard } from "./guard.ts";
import { Merchant } from "./merchant.ts";
import { Shop } from "./shop.ts";
import { Shopper } from "./shopper.ts";

interface TestFixtures {
  /** Fails the test for any error in a page's console that the test has not announced. */
  guard: PageGuard;
  /** Another browser profile, guarded as well. */
  newDevice: () => Promise<BrowserContext>;
}

interface WorkerFixtures {
  /** Tests that name another purpose get a server of their own, with nobody else's items in its catalogue. */
  purpose: string;
  shop: Shop;
  merchant: Merchant;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  purpose: ["rules", { option: true, scope: "worker" }],

  shop: [
    async ({}, use) => {
      const shop = await Shop.start();
      await use(shop);
      await shop.stop();
    },
    { scope: "worker" },
  ],

  merchant: [
    async ({ shop }, use) => {
      const email = `merchant-${randomBytes(4).toString("hex")}@example.com`;
      const password = "lanterns at dusk";
      await shop.addMerchant(email, password);
      await use(new Merchant(shop.origin, await shop.merchantToken(email), email, password));
    },
    { scope: "worker" },
  ],

  baseURL: async ({ shop }, use) => use(shop.origin),

  guard: [
    async ({ context, shop }, use, testInfo) => {
      const guard = new PageGuard();
      await guard.watch(context);
      await use(guard);
      if (testInfo.status !== testInfo.expectedStatus) {
        await testInfo.attach("server.log", { body: await shop.log(), contentType: "text/plain" });
      }
      expect(guard.complaints, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],

  newDevice: async ({ browser, baseURL, guard }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext(baseURL === undefined ? {} : { baseURL });
      await guard.watch(context);
      contexts.push(context);
      return context;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** A shopper with a session made at the shell, for tests that are not about signing in. */
export async function newShoppers(shop: Shop, count: number): Promise<Shopper[]> {
  return (await shop.shopperCookies(count)).map((cookie) => new Shopper(shop.origin, cookie));
}

/** Signs a browser in as that shopper. */
export async function signIn(context: BrowserContext, shop: Shop, shopper: Shopper): Promise<void> {
  const separator = shopper.cookie.indexOf("=");
  const [name, value] = [shopper.cookie.slice(0, separator), shopper.cookie.slice(separator + 1)];
  await context.addCookies([{ name, value, url: shop.origin, httpOnly: true, sameSite: "Lax" }]);
}

export { expect };
