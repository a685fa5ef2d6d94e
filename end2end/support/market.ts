import type { Merchant, PublishedSale, SaleOptions } from "./merchant.ts";

const HOUR_MS = 3_600_000;

/** A small night market, as a visitor would meet it: one sale open, some to come. */
const STALLS: SaleOptions[] = [
  {
    title: "Brass kettle, 1.2 l",
    description:
      "Spun from one sheet and tinned inside, by two people in one workshop.\n\nSings a low note shortly before it boils.",
    image_url: "/images/kettle.svg",
    list_price_minor: 128_000,
    price_minor: 39_900,
    stock_units: 40,
  },
  {
    title: "Rangefinder camera",
    image_url: "/images/camera.svg",
    list_price_minor: 699_900,
    price_minor: 299_900,
    starts_in_ms: 2 * HOUR_MS,
    stock_units: 12,
  },
  {
    title: "Walnut headphones",
    image_url: "/images/headphones.svg",
    list_price_minor: 189_900,
    price_minor: 69_900,
    starts_in_ms: 3 * HOUR_MS,
    stock_units: 60,
  },
  {
    title: "Running shoe “Dusk”",
    image_url: "/images/sneaker.svg",
    list_price_minor: 89_900,
    price_minor: 19_900,
    starts_in_ms: 26 * HOUR_MS,
    stock_units: 200,
  },
  {
    title: "Mooncakes, box of eight",
    image_url: "/images/mooncake.svg",
    list_price_minor: 26_800,
    price_minor: 6_800,
    starts_in_ms: 50 * HOUR_MS,
    stock_units: 300,
  },
];

/** Sets the stalls up; the first sale opens at once. */
export async function openMarket(merchant: Merchant): Promise<PublishedSale[]> {
  const sales: PublishedSale[] = [];
  for (const stall of STALLS)
    sales.push(await merchant.publishedSale({ hold_seconds: 900, min_answer_ms: 1_000, ...stall }));
  await merchant.untilPhase(sales[0]!.sale_id, "open");
  return sales;
}
