import { AdminPages } from "../support/admin.ts";
import { crowdAt } from "../support/crowd.ts";
import { expect, test } from "../support/fixtures.ts";
import { expectAccessible, expectNoOverflow } from "../support/guard.ts";
import { picturesAt, SIZES } from "../support/pictures.ts";

// A shop of its own: whatever else is asked for would be part of the crowd.
test.use({ purpose: "the crowd" });

test("a merchant sees which items are hot: the one whose sale is close, and the one that a crowd came to unannounced", async ({
  page,
  shop,
  merchant,
}) => {
  const admin = new AdminPages(page);
  await admin.signInUnseen(merchant);
  await page.goto("/admin");
  await page.getByRole("navigation", { name: "Merchant" }).getByRole("link", { name: "Crowd" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Crowd");
  await expect(admin.main).toContainText("Nothing of yours is hot");
  await expectAccessible(page);

  await merchant.publishedSale({ title: "Kettle for the road", starts_in_ms: 600_000 });
  const wanted = await merchant.publishedSale({ title: "Paper lantern, the red one", starts_in_ms: 7_200_000 });
  const announced = page.getByRole("row").filter({ hasText: "Kettle for the road" });
  await expect(announced).toContainText("Its sale");
  await expect(announced).toContainText("Not now");
  await expect(page.getByRole("row").filter({ hasText: wanted.title })).toHaveCount(0);

  const sendHome = crowdAt(shop.origin, `/items/${wanted.slug}`);
  const found = page.getByRole("row").filter({ hasText: wanted.title });
  await expect(found).toContainText("Unforeseen");
  await expect(found).toContainText(/Here\s*since \d\d:\d\d:\d\d/);
  await expect(found).toContainText(/\d{2,}\.\d %/);
  await expectAccessible(page);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await expectNoOverflow(page);
    await picturesAt(size)(page, "admin-crowd");
    await page.emulateMedia({ colorScheme: "dark" });
    await picturesAt(size)(page, "admin-crowd-dark");
    await page.emulateMedia({ colorScheme: "light" });
  }
  sendHome();
  // Who came once may come again: its sale is still to come.
  await expect(found).toContainText("Likely");
  await expect(found).toContainText("Not now");
});
