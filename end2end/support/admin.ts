import { expect, type Locator, type Page } from "@playwright/test";
import type { Merchant } from "./merchant.ts";

/** The merchant's view, by the roles and labels that its reader sees. */
export class AdminPages {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get main(): Locator {
    return this.page.getByRole("main");
  }

  async signIn({ email, password }: Pick<Merchant, "email" | "password">): Promise<void> {
    await this.page.getByLabel("E-mail").fill(email);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** The same without the form, for tests that are not about it. */
  async signInUnseen({ email, password }: Pick<Merchant, "email" | "password">): Promise<void> {
    const answer = await this.page.request.post("/api/merchant/sign-in", { data: { email, password } });
    expect(answer.ok(), "signed in as a merchant").toBe(true);
  }

  /** Writes an item; where it is saved, the form of its first sale follows. */
  async createItem(item: { slug: string; title: string; description: string; price: string }): Promise<void> {
    await this.page.getByRole("navigation", { name: "Merchant" }).getByRole("link", { name: "Items" }).click();
    await this.page.getByRole("link", { name: "New item" }).click();
    await this.page.getByLabel("Title", { exact: true }).fill(item.title);
    await this.page.getByLabel("Address", { exact: true }).fill(item.slug);
    await this.page.getByLabel("Description").fill(item.description);
    await this.page.getByLabel("List price").fill(item.price);
    await this.page.getByRole("button", { name: "Save item" }).click();
  }

  async createSale(sale: { price: string; units: string; question: string; answer: string }): Promise<void> {
    await this.page.getByLabel("Price", { exact: true }).fill(sale.price);
    await this.page.getByLabel("Stock", { exact: true }).fill(sale.units);
    await this.page.getByRole("button", { name: "In 1 minute, for 30 minutes" }).click();
    await this.page.getByLabel("Question 1", { exact: true }).fill(sale.question);
    await this.page.getByLabel("Answer 1", { exact: true }).fill(sale.answer);
    await this.page.getByRole("button", { name: "Save draft" }).click();
    await expect(this.page).toHaveURL(/\/admin\/sales\/[\da-f-]{36}$/);
  }

  /** The id of the sale whose page is open. */
  get saleId(): string {
    return new URL(this.page.url()).pathname.split("/").at(-1) ?? "";
  }

  /** One of the sale's big numbers: Free, Held, Sold. */
  async expectUnits(name: string, count: number): Promise<void> {
    const figures = this.main.getByRole("region", { name: "Units", exact: true });
    const figure = figures.locator("div").filter({ has: this.page.getByText(name, { exact: true }) });
    await expect(figure.getByRole("definition")).toHaveText(String(count));
  }

  /** The kinds in a sale's form. */
  get kinds(): Locator {
    return this.main.getByRole("group", { name: "Kinds" }).filter({ has: this.page.getByRole("button") }).last();
  }

  /** The whole card can be pressed; its title as well as any part of it. */
  async choosePolicy(title: string): Promise<void> {
    await this.main.getByText(title, { exact: true }).click();
    await expect(this.page.getByRole("radio", { name: title })).toBeChecked();
  }

  /** Fills the next row of the form's kinds. */
  async addKind(kind: { name: string; code: string; units: string; price: string }): Promise<void> {
    await this.page.getByRole("button", { name: "Add a kind" }).click();
    const number = await this.kinds.getByRole("button", { name: /^Remove kind/ }).count();
    await this.page.getByLabel(`Name of kind ${number}`).fill(kind.name);
    await this.page.getByLabel(`Code of kind ${number}`).fill(kind.code);
    await this.page.getByLabel(`Units of kind ${number}`).fill(kind.units);
    await this.page.getByLabel(`Price of kind ${number}`).fill(kind.price);
  }

  /** What the sale's page tells of one of its kinds, by the column. */
  async expectKind(title: string, columns: Record<string, string>): Promise<void> {
    const row = this.main.getByRole("region", { name: "Kinds", exact: true }).getByRole("row", { name: title });
    for (const [column, text] of Object.entries(columns)) {
      await expect(row.locator(`[data-label="${column}" i]`), `${column} of ${title}`).toHaveText(text);
    }
  }

  /** One of the sale's terms, as its page tells it. */
  async expectTerm(name: string, told: string): Promise<void> {
    const terms = this.main.getByRole("region", { name: "Terms", exact: true });
    const term = terms.locator("div").filter({ has: this.page.getByText(name, { exact: true }) });
    await expect(term.getByRole("definition")).toHaveText(told);
  }

  get orders(): Locator {
    return this.main.getByRole("region", { name: "Orders", exact: true });
  }
}
