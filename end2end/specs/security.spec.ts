import type { Page } from "@playwright/test";
import { AdminPages } from "../support/admin.ts";
import { Elsewhere } from "../support/elsewhere.ts";
import { expect, newShoppers, signIn, test } from "../support/fixtures.ts";
import { ItemPage } from "../support/pages.ts";

/** Each leaves its mark on the page if it runs. */
const SCRIPT = `<script>window.pwned=1</script><img src=x onerror=window.pwned=2>"><svg onload=window.pwned=3>`;

/** What `pwned` is on the page: nothing. */
async function expectUnharmed(page: Page): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null)).toBeNull();
}

test("script in a merchant's and a shopper's texts is read, and never run", async ({
  page,
  merchant,
  newDevice,
}) => {
  const sale = await merchant.openSale({
    title: `Lantern ${SCRIPT}`,
    description: `${SCRIPT}\n\n</script>${SCRIPT}`,
    skus: [{ sku: "m", title: SCRIPT.slice(0, 60), stock_units: 5, price_minor: 2_900 }],
    stock_units: 5,
  });
  const name = "<img src=x onerror=window.pwned=4>";
  const account = { email: `"<b>${sale.slug}</b>"@example.com`, password: "night market 42", display_name: name };
  const signedUp = await page.request.post("/api/sign-up", { data: account });
  expect(signedUp.status()).toBe(201);

  const item = new ItemPage(page);
  for (const path of ["/", "/zh/", `/items/${sale.slug}`, `/zh/items/${sale.slug}`, "/orders", "/sign-in"]) {
    await test.step(path, async () => {
      await page.goto(path);
      await expect(page.locator("html[data-alive]")).toBeAttached();
      await expectUnharmed(page);
    });
  }
  await item.open(sale.slug);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Lantern ${SCRIPT}`);
  await expect(page.getByRole("banner")).toContainText(name);
  await item.kinds.getByRole("radio").first().check();
  await item.openQuiz();
  await item.sendAnswer();
  await item.expectHeld();
  await expectUnharmed(page);
  await page.goto("/orders");
  await expect(page.getByRole("main")).toContainText(SCRIPT.slice(0, 20));
  await expectUnharmed(page);

  const desk = await (await newDevice()).newPage();
  const admin = new AdminPages(desk);
  await admin.signInUnseen(merchant);
  for (const path of [
    "/admin",
    "/admin/items",
    `/admin/items/${sale.item_id}`,
    `/admin/sales/new?item=${sale.item_id}`,
    `/admin/sales/${sale.sale_id}`,
    "/admin/strikes",
  ]) {
    await test.step(path, async () => {
      await desk.goto(path, { waitUntil: "networkidle" });
      await expect(admin.main).toBeVisible();
      await expectUnharmed(desk);
    });
  }
  await desk.goto(`/admin/sales/${sale.sale_id}`);
  await expect(admin.main).toContainText("<script>window.pwned=1</script>");
});

test.describe("another website", () => {
  let elsewhere: Elsewhere;
  test.beforeEach(async () => {
    elsewhere = await Elsewhere.open();
  });
  test.afterEach(() => elsewhere.close());

  for (const where of ["neighbour", "stranger"] as const) {
    test(`changes nothing here and reads nothing from here: ${where}`, async ({ browser, shop, merchant }) => {
      const sale = await merchant.openSale({ per_shopper_limit: 3 });
      const [shopper] = await newShoppers(shop, 1);
      const { order_id } = await shopper!.buy(sale.sale_id);
      // Unguarded: the browser's console is full of what it refused.
      const context = await browser.newContext();
      await signIn(context, shop, shopper!);
      await context.request.post(`${shop.origin}/api/merchant/sign-in`, {
        data: { email: merchant.email, password: merchant.password },
      });
      const page = await context.newPage();
      await page.goto(elsewhere[where]);

      const changes: [string, string][] = [
        [`/api/orders/${order_id}/cancel`, "{}"],
        ["/api/sign-out", "{}"],
        [`/api/sales/${sale.sale_id}/quiz`, "{}"],
        [`/api/merchant/sales/${sale.sale_id}/call-off`, "{}"],
        [`/api/merchant/orders/${order_id}/release`, "{}"],
        [`/api/merchant/sales/${sale.sale_id}`, `{"paused":true}`],
      ];
      // By fetch, in every mode, credentials along.
      const read = await page.evaluate(
        async ({ origin, changes, reads }) => {
          const told: string[] = [];
          const attempt = async (path: string, options: RequestInit): Promise<void> => {
            try {
              const answer = await fetch(origin + path, { credentials: "include", ...options });
              // An opaque answer has a status of 0 and no body.
              if (answer.status !== 0 || (await answer.text()) !== "") told.push(path);
            } catch {
              // As it should be.
            }
          };
          for (const [path, body] of changes) {
            for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded"]) {
              for (const mode of ["no-cors", "cors"] as const) {
                await attempt(path, { method: "POST", mode, body, headers: { "content-type": type } });
              }
            }
            await attempt(path, { method: "POST", mode: "no-cors" });
            await attempt(path, { method: "PATCH", mode: "cors", body, headers: { "content-type": "application/json" } });
            navigator.sendBeacon(origin + path, new Blob([body], { type: "text/plain" }));
          }
          for (const path of reads) {
            for (const mode of ["no-cors", "cors"] as const) await attempt(path, { mode });
          }
          return told;
        },
        {
          origin: shop.origin,
          changes,
          reads: ["/api/orders", "/csi/me", `/api/orders/${order_id}`, "/orders", "/api/merchant/orders", "/"],
        },
      );
      expect(read, "what it could read").toEqual([]);

      // By forms that send themselves, in every encoding that forms have.
      for (const [path, body] of changes) {
        for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
          await page.goto(elsewhere[where]);
          const answered = page.waitForResponse((answer) => answer.url() === shop.origin + path);
          await page.evaluate(
            ({ action, enctype, body }) => {
              const form = Object.assign(document.createElement("form"), { method: "post", action, enctype });
              const field = Object.assign(document.createElement("input"), { name: `${body.slice(0, -1)},"x":"`, value: `"}` });
              form.append(field);
              document.body.append(form);
              form.submit();
            },
            { action: shop.origin + path, enctype, body },
          );
          // Where a form has a route at all; a change by PATCH has none for it.
          expect([403, 405], `${enctype} to ${path}`).toContain((await answered).status());
          await page.waitForURL(shop.origin + path);
        }
      }

      // By what a page may embed: what is not this shop's to show is refused by the browser.
      await page.goto(elsewhere[where]);
      const embedded = await page.evaluate(
        async ({ origin, orderPage, api }) => {
          const loads = (element: HTMLElement, set: () => void): Promise<string> =>
            new Promise((settle) => {
              element.onload = () => settle("loaded");
              element.onerror = () => settle("refused");
              set();
              document.body.append(element);
            });
          const script = document.createElement("script");
          const image = document.createElement("img");
          const style = document.createElement("link");
          const object = document.createElement("object");
          return {
            script: await loads(script, () => (script.src = origin + api)),
            image: await loads(image, () => (image.src = `${origin}/favicon.svg`)),
            style: await loads(style, () => Object.assign(style, { rel: "stylesheet", href: origin + orderPage })),
            object: await loads(object, () => (object.data = origin + orderPage)),
          };
        },
        { origin: shop.origin, orderPage: `/orders/${order_id}`, api: "/api/orders" },
      );
      expect(embedded).toEqual({ script: "refused", image: "refused", style: "refused", object: "refused" });

      // In a frame, to be clicked through.
      await page.setContent(`<iframe src="${shop.origin}/items/${sale.slug}"></iframe>`);
      const frame = page.frames().find((frame) => frame !== page.mainFrame())!;
      await expect.poll(() => frame.url()).toMatch(/^chrome-error:/);

      // In a window that it opened itself, and keeps a hand on.
      await page.goto(elsewhere[where]);
      const opened = context.waitForEvent("page");
      await page.evaluate((url) => {
        (globalThis as { victim?: Window | null }).victim = window.open(url);
      }, `${shop.origin}/items/${sale.slug}`);
      const victim = await opened;
      await expect(victim.locator("html[data-alive]")).toBeAttached();
      expect(await victim.evaluate(() => window.opener)).toBeNull();
      expect(await page.evaluate(() => (globalThis as { victim?: Window | null }).victim?.closed)).toBe(true);

      // After all of it: the order, the sale and the session are as they were.
      expect((await shopper!.orderState(order_id)).state).toBe("held");
      expect(await merchant.ledger(sale.sale_id)).toMatchObject({ free: 19, held: 1, sold: 0 });
      const me = await context.request.get(`${shop.origin}/csi/me`);
      expect(await me.json()).toMatchObject({ signed_in: true });
      await context.close();
    });
  }

  test("does not learn from a link where a visitor was", async ({ page, merchant }) => {
    const sale = await merchant.publishedSale({
      starts_in_ms: 60_000,
      image_url: "https://pictures.example/lantern.png?who",
    });
    const asked: (string | undefined)[] = [];
    await page.route("https://pictures.example/**", async (route) => {
      asked.push(await route.request().headerValue("referer").then((referer) => referer ?? undefined));
      await route.fulfill({ contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg'/>" });
    });
    await page.goto(`/items/${sale.slug}?secret=1`, { waitUntil: "networkidle" });
    expect(asked.length, "the picture was asked for").toBeGreaterThan(0);
    expect(asked.filter((referer) => referer !== undefined)).toEqual([]);
    // Other tests see the catalogue too.
    await merchant.call("PATCH", `items/${sale.item_id}`, { image_url: "/images/lantern.svg" });
  });

  test("is not where one lands after signing in", async ({ page, shop }) => {
    for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:window.pwned=1", "/\t/evil.example"]) {
      await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      const email = `mei-${Math.random().toString(36).slice(2)}@example.com`;
      await page.getByRole("button", { name: "New here? Make an account" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Mei");
      await page.getByLabel("Email").fill(email);
      await page.getByLabel("Password").fill("night market 42");
      await page.getByRole("button", { name: "Sign up", exact: true }).click();
      await expect(page.getByRole("banner")).toContainText("Mei");
      await expect(page).toHaveURL(`${shop.origin}/`);
      await expectUnharmed(page);
      await page.context().clearCookies();
    }
  });
});
