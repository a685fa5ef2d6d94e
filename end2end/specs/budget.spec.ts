import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { ItemPage } from "../support/pages.ts";

type Part = "script_and_wasm" | "page" | "css" | "font" | "picture";
type Budget = Record<Part | "draw_check" | "total", number>;

const BUDGET = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../frontend/budget.json"), "utf8"),
) as Budget;

interface Fetched {
  path: string;
  /** Headers and body as they came over the wire. */
  bytes: number;
  body_bytes: number;
}

/** Gathers what the browser takes in over the wire, by the browser's own count. */
async function weighFetches(page: Page): Promise<Fetched[]> {
  const fetched: Fetched[] = [];
  const heads = new Map<string, { path: string; bytes: number }>();
  const browser = await page.context().newCDPSession(page);
  browser.on("Network.responseReceived", ({ requestId, response }) => {
    heads.set(requestId, { path: new URL(response.url).pathname, bytes: response.encodedDataLength });
  });
  browser.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const head = heads.get(requestId) ?? { path: "?", bytes: 0 };
    fetched.push({ path: head.path, bytes: encodedDataLength, body_bytes: encodedDataLength - head.bytes });
  });
  await browser.send("Network.enable");
  return fetched;
}

function partOf(path: string): Part | "fragments" {
  if (/\.(?:js|wasm)$/.test(path)) return "script_and_wasm";
  if (path.endsWith(".css")) return "css";
  if (path.endsWith(".woff2")) return "font";
  if (path.startsWith("/items/")) return "page";
  return /\.(?:svg|png|jpe?g|webp|avif)$/.test(path) ? "picture" : "fragments";
}

test("the first visit of an item's page is within its budget, by the bytes on the wire", async ({ page, merchant }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 600_000, image_url: "/images/camera.svg" });
  const fetched = await weighFetches(page);
  const item = new ItemPage(page);
  await item.open(sale.slug);
  await expect(item.timer).toHaveAttribute("data-clock-bound-ms", /\d/);
  await page.waitForLoadState("networkidle");

  const weights = new Map<string, number>();
  for (const { path, body_bytes } of fetched) {
    weights.set(partOf(path), (weights.get(partOf(path)) ?? 0) + body_bytes);
  }
  const total = fetched.reduce((sum, { bytes }) => sum + bytes, 0);
  const table = [...weights, ["total with heads", total] as const].map(([part, bytes]) => {
    const allowed = part === "total with heads" ? BUDGET.total : BUDGET[part as Part];
    return `${part.padEnd(18)}${String(bytes).padStart(8)}${part === "fragments" ? "" : ` of ${allowed}`}`;
  });
  console.log(table.join("\n"));

  for (const part of ["script_and_wasm", "page", "css", "font", "picture"] as const) {
    expect(weights.get(part), `${part} was fetched`).toBeGreaterThan(0);
    expect.soft(weights.get(part), part).toBeLessThanOrEqual(BUDGET[part]);
  }
  expect(total, "the whole first visit").toBeLessThanOrEqual(BUDGET.total);
});

test("the check of a draw is paid for when it is asked for, within its own budget", async ({ page, merchant }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 600_000, entries_open_ms: 60_000 });
  const fetched = await weighFetches(page);
  await page.goto(`/items/${sale.slug}`);
  await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  const ofTheCheck = () => fetched.filter(({ path }) => path.startsWith("/assets/draw."));
  expect(ofTheCheck()).toEqual([]);
  await page.getByRole("button", { name: "Check the draw" }).click();
  await expect(page.locator(".check-draw")).toContainText("The draw has not been held yet");
  expect(ofTheCheck()).toHaveLength(2);
  expect(ofTheCheck().reduce((sum, { body_bytes }) => sum + body_bytes, 0)).toBeLessThanOrEqual(BUDGET.draw_check);
});

test("a shopper never pays for the merchant's view", async ({ page, merchant }) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 600_000 });
  const fetched = await weighFetches(page);
  for (const path of ["/", `/items/${sale.slug}`, "/sign-in"]) {
    await page.goto(path);
    await expect(page.locator("html")).toHaveAttribute("data-alive", "");
  }
  expect(fetched.map(({ path }) => path).filter((path) => path.includes("admin"))).toEqual([]);
});
