import { randomBytes } from "node:crypto";
import type { Browser } from "@playwright/test";
import { Merchant } from "../support/merchant.ts";
import { Shop } from "../support/shop.ts";
import { HOST, Link, type Network } from "./network.ts";

const SHOP_PORT = 8089;

/** A shop, a bad link, and a browser beyond it. */
export class Stand {
  readonly host = HOST;
  readonly #link: Link;
  readonly #shop: Shop;
  readonly merchant: Merchant;
  readonly browser: Browser;

  private constructor(link: Link, shop: Shop, merchant: Merchant, browser: Browser) {
    this.#link = link;
    this.#shop = shop;
    this.merchant = merchant;
    this.browser = browser;
  }

  static async up(network: Network): Promise<Stand> {
    const link = await Link.up(network);
    const shop = await Shop.start(`${HOST}:${SHOP_PORT}`);
    const email = `merchant-${randomBytes(4).toString("hex")}@example.com`;
    await shop.addMerchant(email, "lanterns at dusk");
    const merchant = new Merchant(shop.origin, await shop.merchantToken(email), email, "lanterns at dusk");
    return new Stand(link, shop, merchant, await link.browser());
  }

  get origin(): string {
    return this.#shop.origin;
  }

  /** Answers with what the link did. */
  async down(): Promise<string> {
    await this.browser.close();
    await this.#shop.stop();
    return this.#link.down();
  }
}
