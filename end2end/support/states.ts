import type { BrowserContext, Page } from "@playwright/test";
import { expect, newShoppers, signIn } from "./fixtures.ts";
import type { PageGuard } from "./guard.ts";
import type { Merchant, SaleOptions } from "./merchant.ts";
import { holdBack, ItemPage } from "./pages.ts";
import type { Shop } from "./shop.ts";
import type { Shopper } from "./shopper.ts";

/** What a state is reached with: a page signed in as `shopper`, and another shopper who is quicker. */
export interface Stage {
  context: BrowserContext;
  page: Page;
  item: ItemPage;
  guard: PageGuard;
  shop: Shop;
  merchant: Merchant;
  shopper: Shopper;
  quicker: Shopper;
  prefix: "" | "/zh";
}

/** Leads to a state; answers with what lets go what was held back for it. */
type Reach = (stage: Stage) => Promise<void | (() => unknown)>;

const LANTERN: SaleOptions = {
  title: "Harbour lantern 港灯",
  image_url: "/images/lantern.svg",
  list_price_minor: 46_800,
  price_minor: 9_900,
};
const SIZES_EU = ["EU 38", "EU 40", "EU 42", "EU 44, extra wide"].map((title, index) => ({
  sku: `kind-${index}`,
  title,
  stock_units: index === 1 ? 1 : 4,
  price_minor: index === 3 ? 22_900 : 19_900,
}));

/** An open sale on the screen, its clock set. */
async function atOpenSale(stage: Stage, options: SaleOptions = {}): Promise<string> {
  const sale = await stage.merchant.openSale({ ...LANTERN, ...options });
  await stage.item.open(sale.slug);
  await expect(stage.item.buy).toBeEnabled();
  return sale.sale_id;
}

/** The queue's answers, as they come when thousands stand in front; a test has no thousands. */
function answerPolls(page: Page, answer: object): Promise<unknown> {
  return page.route("**/api/queue/**", (route) =>
    route.fulfill({ json: { order_id: "", poll_after_ms: 60_000, ...answer } }),
  );
}

async function inLine(stage: Stage, answer: object): Promise<() => unknown> {
  await atOpenSale(stage);
  await answerPolls(stage.page, answer);
  await stage.item.openQuiz();
  await stage.item.sendAnswer();
  await expect(stage.item.status).toContainText("14");
  return () => stage.page.unroute("**/api/queue/**");
}

function refuse(page: Page, url: string, status: number, code: string): Promise<unknown> {
  const json = { type: "about:blank", title: code, status, code, detail: code };
  return page.route(url, (route) => route.fulfill({ status, contentType: "application/problem+json", json }));
}

async function buys(stage: Stage, options: SaleOptions = {}): Promise<{ slug: string; order_id: string }> {
  const sale = await stage.merchant.openSale({ ...LANTERN, hold_seconds: 900, ...options });
  const { order_id } = await stage.shopper.buy(sale.sale_id);
  return { slug: sale.slug, order_id };
}

async function atOrder(stage: Stage, order_id: string): Promise<void> {
  await stage.page.goto(`${stage.prefix}/orders/${order_id}`);
  await expect(stage.page.locator("html")).toHaveAttribute("data-alive", "");
}

/** Every state of an item's page that a visitor can meet. */
export const ITEM_STATES: Record<string, Reach> = {
  "visitor before the start": async ({ context, merchant, item }) => {
    await context.clearCookies();
    const sale = await merchant.publishedSale({ ...LANTERN, starts_in_ms: 5_400_000 });
    await item.open(sale.slug);
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
    await expect(item.status).toHaveText(/Sign in before|提前登录/);
  },
  "days before the start": async ({ merchant, item }) => {
    const sale = await merchant.publishedSale({ ...LANTERN, starts_in_ms: 2.5 * 86_400_000 });
    await item.open(sale.slug);
    await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
  },
  open: async (stage) => void (await atOpenSale(stage)),
  "many of several kinds": async (stage) => {
    const sale = await stage.merchant.openSale({ ...LANTERN, stock_units: 13, per_shopper_limit: 3, skus: SIZES_EU });
    expect((await stage.quicker.buy(sale.sale_id, "kind-1")).state).toBe("held");
    await stage.item.open(sale.slug);
    await expect(stage.item.kinds.locator(":disabled")).toHaveCount(1);
    await stage.item.kinds.getByRole("radio").last().check();
  },
  "a question is fetched": async (stage) => {
    await atOpenSale(stage);
    const letGo = await holdBack(stage.page, "**/api/sales/*/quiz");
    await stage.item.buy.click();
    await expect(stage.item.buy).toHaveAttribute("aria-busy", "true");
    return letGo;
  },
  "the question as a picture": async (stage) => {
    await atOpenSale(stage, { min_answer_ms: 60_000 });
    await stage.item.openQuiz();
  },
  "the question in words, after a wrong answer": async (stage) => {
    stage.guard.expectRefusal(422);
    await atOpenSale(stage, { asks_sums: true });
    await stage.item.openQuiz();
    await stage.item.sendAnswer("grey");
    await stage.item.questionShown();
    await stage.item.quiz.getByRole("button", { name: /Can’t see|看不清/ }).click();
    await expect(stage.item.quiz).toContainText(/Answer in digits|请用数字回答/);
  },
  "in line, likely": (stage) =>
    inLine(stage, { state: "queued", position: 14, units_left: 20, chance: "likely" }),
  "in line, unlikely": (stage) => inLine(stage, { state: "queued", position: 1_214, units_left: 2, chance: "unlikely" }),
  "all held, one may wait": async ({ merchant, quicker, item }) => {
    const sale = await merchant.openSale({ ...LANTERN, stock_units: 1, waitlist_units: 5 });
    expect((await quicker.buy(sale.sale_id)).state).toBe("held");
    await item.open(sale.slug);
    await expect(item.timer).toContainText(/All held|可候补/);
  },
  waiting: async ({ merchant, quicker, item }) => {
    const sale = await merchant.openSale({ ...LANTERN, stock_units: 1, waitlist_units: 5 });
    expect((await quicker.buy(sale.sale_id)).state).toBe("held");
    await item.open(sale.slug);
    await item.openQuiz();
    await item.sendAnswer();
    await expect(item.leaveWaiting).toBeVisible();
  },
  held: async (stage) => {
    await stage.item.open((await buys(stage)).slug);
    await stage.item.expectHeld();
  },
  "held until paid": async (stage) => {
    await stage.item.open((await buys(stage, { stock_policy: "on_order" })).slug);
    await expect(stage.item.timer).toContainText(/Kept|已保留/);
  },
  "payment decides": async (stage) => {
    await stage.item.open((await buys(stage, { stock_policy: "on_payment" })).slug);
    await expect(stage.item.status).toContainText(/Payment decides|先付款者得/);
  },
  "hold lapsed": async (stage) => {
    await stage.item.open((await buys(stage, { hold_seconds: 2 })).slug);
    await expect(stage.item.status).toContainText(/ran out|超时/);
  },
  paid: async (stage) => {
    const { slug, order_id } = await buys(stage);
    await stage.shopper.pay(order_id);
    await stage.item.open(slug);
    await expect(stage.item.status).toContainText(/Paid|付款成功/);
  },
  "sold out, after the line": async (stage) => {
    stage.guard.expectRefusal(409);
    const sale_id = await atOpenSale(stage, { stock_units: 1 });
    await stage.item.openQuiz();
    expect((await stage.quicker.buy(sale_id)).state).toBe("held");
    await stage.item.sendAnswer();
    await expect(stage.item.timer).toContainText(/Sold out|已抢光/);
  },
  ended: async ({ merchant, item }) => {
    const sale = await merchant.openSale({ ...LANTERN, lasts_ms: 1_500 });
    await item.open(sale.slug);
    await expect(item.timer).toContainText(/Ended|已结束/);
  },
  "called off": async ({ merchant, item }) => {
    const sale = await merchant.openSale(LANTERN);
    await merchant.call("POST", `sales/${sale.sale_id}/call-off`);
    await item.open(sale.slug);
    await expect(item.status).toContainText(/called this sale off|已取消/);
  },
  paused: async ({ merchant, item }) => {
    const sale = await merchant.openSale(LANTERN);
    await merchant.call("PATCH", `sales/${sale.sale_id}`, { paused: true });
    await item.open(sale.slug);
    await expect(item.timer).toContainText(/Paused|已暂停/);
  },
  "no network": async (stage) => {
    stage.guard.expectLostConnections();
    await atOpenSale(stage);
    await stage.context.setOffline(true);
    await expect(stage.page.getByRole("banner").getByRole("alert")).not.toHaveText("");
    return () => stage.context.setOffline(false);
  },
  "server busy": async (stage) => {
    stage.guard.expectRefusal(503);
    await atOpenSale(stage);
    await refuse(stage.page, "**/{csi,api}/**", 503, "busy");
    await expect(stage.page.getByRole("banner").getByRole("alert")).not.toHaveText("");
    return () => stage.page.unroute("**/{csi,api}/**");
  },
  "too many requests": async (stage) => {
    stage.guard.expectRefusal(429);
    await atOpenSale(stage);
    await refuse(stage.page, "**/api/sales/*/quiz", 429, "rate_limited");
    await stage.item.buy.click();
    await expect(stage.item.status).toContainText(/Too many|过于频繁/);
    return () => stage.page.unroute("**/api/sales/*/quiz");
  },
  "lost in a restart": async (stage) => {
    await atOpenSale(stage);
    await answerPolls(stage.page, { state: "rejected", reason: "lost_in_restart" });
    await stage.item.openQuiz();
    const again = stage.page.waitForRequest((request) => request.url().endsWith("/orders"));
    await stage.item.sendAnswer();
    await again;
    const letGo = await holdBack(stage.page, "**/api/sales/*/orders");
    await expect(stage.item.status).toContainText(/restarted|重启/);
    return () => (letGo(), stage.page.unroute("**/api/queue/**"));
  },
  "not eligible": async (stage) => {
    stage.guard.expectRefusal(403);
    await atOpenSale(stage, { eligibility: { listed_only: true } });
    await stage.item.buy.click();
    await expect(stage.item.status).toContainText(/certain accounts only|仅限部分账号参与/);
  },
  "reloaded again and again": async (stage) => {
    const sale = await stage.merchant.publishedSale({ ...LANTERN, starts_in_ms: 600_000 });
    await stage.item.open(sale.slug);
    for (let reload = 0; reload < 3; reload += 1) await stage.page.reload();
    await expect(stage.item.status).toContainText(/No need to refresh|无需刷新/);
    return () => stage.page.evaluate(() => sessionStorage.clear());
  },
};

/** The other pages, in every state that looks different. */
export const OTHER_STATES: Record<string, Reach> = {
  catalogue: async ({ page, prefix }) => {
    await page.goto(`${prefix}/`);
    await expect(page.locator(".shop-clock")).toContainText(/\d\d:\d\d:\d\d/);
  },
  "sign in": async ({ context, page, prefix }) => {
    await context.clearCookies();
    await page.goto(`${prefix}/sign-in`);
    await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  },
  "sign in, refused": async ({ context, page, guard, prefix }) => {
    guard.expectRefusal(401);
    await context.clearCookies();
    await page.goto(`${prefix}/sign-in`);
    await page.locator("#email").fill("nobody@example.com");
    await page.locator("#password").fill("not the password");
    await page.getByRole("main").locator("button[type=submit]").click();
    await expect(page.getByRole("main").getByRole("alert")).toContainText(/wrong|不正确/);
  },
  "order held": async (stage) => {
    await atOrder(stage, (await buys(stage)).order_id);
    await expect(stage.page.getByRole("timer")).toHaveAttribute("data-clock-bound-ms", /\d/);
  },
  "order to be cancelled": async (stage) => {
    await atOrder(stage, (await buys(stage)).order_id);
    await stage.page.getByRole("button", { name: /Cancel the order|取消订单/ }).click();
  },
  "order paid": async (stage) => {
    const { order_id } = await buys(stage);
    await stage.shopper.pay(order_id);
    await atOrder(stage, order_id);
  },
  "order released": async (stage) => {
    const { order_id } = await buys(stage);
    await stage.shopper.cancel(order_id);
    await atOrder(stage, order_id);
  },
  "order refunded": async (stage) => {
    const sale = await stage.merchant.openSale(LANTERN);
    const { order_id } = await stage.shopper.buy(sale.sale_id);
    await stage.shopper.pay(order_id);
    await stage.merchant.call("POST", `sales/${sale.sale_id}/call-off`);
    await atOrder(stage, order_id);
    await expect(stage.page.getByRole("main")).toContainText(/has been sent|已发出/);
  },
  pay: async (stage) => {
    await atOrder(stage, (await buys(stage)).order_id);
    await stage.page.getByRole("main").locator("button.primary").click();
    await expect(stage.page.locator("main[data-payment-id]")).toBeVisible();
    expect(new URL(stage.page.url()).pathname).toMatch(new RegExp(`^${stage.prefix}/pay/`));
  },
  "pay, declined": async (stage) => {
    await atOrder(stage, (await buys(stage)).order_id);
    await stage.page.getByRole("main").locator("button.primary").click();
    await stage.page.getByRole("button", { name: /Decline|拒绝付款/ }).click();
    await expect(stage.page.getByRole("main")).toContainText(/declined|被拒绝/);
  },
  orders: async ({ page, prefix }) => {
    await page.goto(`${prefix}/orders`);
    await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  },
  "nothing there": async ({ page, guard, prefix }) => {
    guard.expectRefusal(404);
    await page.goto(`${prefix}/items/there-is-no-such-item`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  },
};

export async function stageFor(
  given: Omit<Stage, "item" | "shopper" | "quicker" | "prefix">,
  locale: "en" | "zh",
): Promise<Stage> {
  const [shopper, quicker] = await newShoppers(given.shop, 2);
  await signIn(given.context, given.shop, shopper!);
  const item = new ItemPage(given.page, locale);
  return { ...given, item, shopper: shopper!, quicker: quicker!, prefix: locale === "zh" ? "/zh" : "" };
}
