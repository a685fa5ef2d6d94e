import { randomBytes } from "node:crypto";
import { exchange, json } from "./http.ts";
import { eventually } from "./time.ts";

/** The one question that the sales under test ask. */
export const QUESTION = { prompt: "What colour is the lantern?", answer: "vermilion" };

export interface SaleOptions {
  title?: string;
  description?: string;
  image_url?: string;
  list_price_minor?: number;
  price_minor?: number;
  starts_in_ms?: number;
  lasts_ms?: number;
  stock_units?: number;
  per_shopper_limit?: number;
  hold_seconds?: number;
  /** Instead of a question of the merchant's. */
  asks_sums?: boolean;
  min_answer_ms?: number;
  max_answer_ms?: number;
  /** Without one, units are kept for `hold_seconds`. */
  stock_policy?: "hold" | "on_order" | "on_payment";
  waitlist_units?: number;
  /** A sale by draw: for so long after the start orders are entries. */
  entries_open_ms?: number;
  /** Of a sale by draw: the public value that is mixed in, due before the sale's end. */
  beacon?: { description: string; due_in_ms: number };
  skus?: { sku: string; title: string; stock_units: number; price_minor: number }[];
  strikes?: { limit: number; strike_seconds: number; marked_orders: "pay_to_claim" | "refuse" };
  eligibility?: { account_before_ms?: number; listed_only?: boolean };
}

export interface PublishedSale {
  item_id: string;
  sale_id: string;
  slug: string;
  title: string;
  starts_at_ms: number;
}

export interface Ledger {
  stock: number;
  free: number;
  held: number;
  sold: number;
  balanced: boolean;
}

/** The merchant API with a Bearer token. */
export class Merchant {
  readonly #origin: string;
  readonly #token: string;
  readonly email: string;
  readonly password: string;

  constructor(origin: string, token: string, email: string, password: string) {
    this.#origin = origin;
    this.#token = token;
    this.email = email;
    this.password = password;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#token}` };
    return json<T>(await exchange(this.#origin, method, `/api/merchant/${path}`, { headers, json: body }));
  }

  /** An item without a sale. */
  async newItem(options: SaleOptions = {}): Promise<{ item_id: string; slug: string; title: string }> {
    const slug = `lantern-${randomBytes(5).toString("hex")}`;
    const title = options.title ?? "Paper lantern";
    const { item_id } = await this.call<{ item_id: string }>("POST", "items", {
      slug,
      title,
      description: options.description ?? "Mulberry paper over split bamboo.\n\nFolds flat, hangs by a cotton cord.",
      image_url: options.image_url ?? "/images/lantern.svg",
      list_price_minor: options.list_price_minor ?? 8_900,
      currency: "CNY",
    });
    return { item_id, slug, title };
  }

  /** An item with a published sale, by default one that opens at once. */
  async publishedSale(options: SaleOptions = {}): Promise<PublishedSale> {
    const { item_id, slug, title } = await this.newItem(options);
    const starts_at_ms = Date.now() + (options.starts_in_ms ?? 400);
    const { sale_id } = await this.call<{ sale_id: string }>("POST", "sales", {
      item_id,
      price_minor: options.price_minor ?? 2_900,
      starts_at_ms,
      ends_at_ms: starts_at_ms + (options.lasts_ms ?? 600_000),
      stock_units: options.stock_units ?? 20,
      per_shopper_limit: options.per_shopper_limit ?? 1,
      hold_seconds: options.hold_seconds ?? 300,
      stock_policy: options.stock_policy,
      waitlist_units: options.waitlist_units,
      mode: options.entries_open_ms === undefined ? undefined : "draw",
      entries_close_at_ms: options.entries_open_ms === undefined ? undefined : starts_at_ms + options.entries_open_ms,
      beacon:
        options.beacon === undefined
          ? undefined
          : { description: options.beacon.description, due_at_ms: starts_at_ms + options.beacon.due_in_ms },
      skus: options.skus,
      strikes: options.strikes,
      eligibility: options.eligibility,
      quiz: {
        kind: options.asks_sums ? "arithmetic" : "bank",
        questions: options.asks_sums ? [] : [QUESTION],
        min_answer_ms: options.min_answer_ms ?? 0,
        max_answer_ms: options.max_answer_ms ?? 120_000,
      },
    });
    await this.call("POST", `sales/${sale_id}/publish`);
    return { item_id, sale_id, slug, title, starts_at_ms };
  }

  /** As `publishedSale`, once it has opened. */
  async openSale(options: SaleOptions = {}): Promise<PublishedSale> {
    const sale = await this.publishedSale(options);
    await this.untilPhase(sale.sale_id, "open");
    return sale;
  }

  async untilPhase(sale_id: string, phase: string): Promise<void> {
    await eventually(`the sale is ${phase}`, async () => {
      const state = json<{ phase: string }>(await exchange(this.#origin, "GET", `/csi/sales/${sale_id}`));
      return state.phase === phase ? true : undefined;
    });
  }

  /** Until everybody who entered knows. */
  async untilDrawn(sale_id: string, stage = "drawn"): Promise<void> {
    await eventually(`the draw is ${stage}`, async () => {
      const draw = json<{ stage: string }>(await exchange(this.#origin, "GET", `/api/sales/${sale_id}/draw`));
      return draw.stage === stage ? true : undefined;
    });
  }

  /** Gives up somebody's unpaid order. */
  async release(order_id: string): Promise<void> {
    await this.call("POST", `orders/${order_id}/release`);
  }

  ledger(sale_id: string): Promise<Ledger> {
    return this.call("GET", `sales/${sale_id}/ledger`);
  }
}
