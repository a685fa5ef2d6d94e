import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, newShoppers, test } from "../support/fixtures.ts";
import { exchange } from "../support/http.ts";

/** What the pages load. They are named after their content, so that a browser may keep them for ever. */
function assetPaths(html: string): string[] {
  return [...new Set(html.match(/\/assets\/[\w.-]+/g) ?? [])];
}

test("a page that a CDN may keep is the same for everyone, tagged, and made once in each encoding", async ({
  shop,
  merchant,
}) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 60_000 });
  const [shopper] = await newShoppers(shop, 1);
  for (const path of ["/", "/zh/", `/items/${sale.slug}`, `/zh/items/${sale.slug}`]) {
    await test.step(path, async () => {
      const plain = await exchange(shop.origin, "GET", path);
      expect(plain.status).toBe(200);
      expect(plain.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(plain.headers["set-cookie"]).toBeUndefined();
      expect(plain.headers["content-encoding"]).toBeUndefined();
      expect(plain.headers["cache-control"]).toMatch(/public/);
      expect(plain.headers["cache-control"]).toMatch(/s-maxage=\d+/);
      expect(plain.headers["vary"]?.toLowerCase()).toContain("accept-encoding");
      expect(plain.headers["vary"]?.toLowerCase()).not.toContain("cookie");

      const signedIn = await exchange(shop.origin, "GET", path, {
        headers: { cookie: shopper!.cookie, "user-agent": "another" },
      });
      expect(signedIn.bytes.equals(plain.bytes)).toBe(true);
      expect(signedIn.headers["set-cookie"]).toBeUndefined();

      const etag = plain.headers.etag ?? "none";
      expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
      const revalidated = await exchange(shop.origin, "GET", path, { headers: { "if-none-match": etag } });
      expect(revalidated.status).toBe(304);
      expect(revalidated.bytes).toHaveLength(0);
      expect(revalidated.headers["cache-control"]).toBe(plain.headers["cache-control"]);

      const unpack = { gzip: gunzipSync, br: brotliDecompressSync };
      for (const [encoding, decompress] of Object.entries(unpack)) {
        const packed = await exchange(shop.origin, "GET", path, { headers: { "accept-encoding": encoding } });
        expect(packed.headers["content-encoding"]).toBe(encoding);
        expect(packed.bytes.length).toBeLessThan(plain.bytes.length);
        expect(decompress(packed.bytes).equals(plain.bytes)).toBe(true);
      }
    });
  }
});

test("assets are kept for ever, and the page's own code is all that may run", async ({ shop }) => {
  const page = await exchange(shop.origin, "GET", "/");
  const html = page.bytes.toString("utf8");
  const policy = String(page.headers["content-security-policy"]);
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policy).not.toContain("unsafe-inline");
  expect(page.headers["x-content-type-options"]).toBe("nosniff");
  const inline = (html.match(/<script[^>]*>/g) ?? []).filter(
    (tag) => !tag.includes(" src=") && !tag.includes("application/ld+json"),
  );
  expect(inline).toEqual([]);

  const paths = assetPaths(html);
  expect(paths.length).toBeGreaterThan(1);
  for (const path of paths) {
    const asset = await exchange(shop.origin, "GET", path, { headers: { "accept-encoding": "br" } });
    expect(asset.status, path).toBe(200);
    expect(asset.headers["cache-control"], path).toMatch(/public.*max-age=31536000.*immutable/);
    expect(asset.headers["set-cookie"], path).toBeUndefined();
  }
});

test("what is somebody's own is never stored", async ({ shop, merchant }) => {
  const [shopper] = await newShoppers(shop, 1);
  const sale = await merchant.openSale();
  const { order_id } = await shopper!.buy(sale.sale_id);
  const paths = [
    "/sign-in",
    "/orders",
    `/orders/${order_id}`,
    `/pay/${order_id}`,
    "/admin",
    "/csi/time",
    "/csi/me",
    `/api/sales/${sale.sale_id}/mine`,
    `/api/orders/${order_id}`,
  ];
  for (const path of paths) {
    const answer = await shopper!.ask("GET", path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers["cache-control"], path).toContain("no-store");
  }
  const state = await exchange(shop.origin, "GET", `/csi/sales/${sale.sale_id}`);
  expect(state.headers["set-cookie"]).toBeUndefined();
  expect(state.headers["cache-control"]).toMatch(/no-store|max-age=[01]\b/);
});

test("what an edge put into the page is taken from there, and asked for where it is missing or broken", async ({
  shop,
  merchant,
  page,
}) => {
  const sale = await merchant.publishedSale({ starts_in_ms: 60_000 });
  const fragmentPath = `/csi/sales/${sale.sale_id}`;
  const state = (await exchange(shop.origin, "GET", fragmentPath)).bytes.toString("utf8");
  const paused = state.replace('"upcoming"', '"paused"');
  expect(paused).not.toBe(state);
  let put = paused;
  await page.route(`**/items/${sale.slug}`, async (route) => {
    const answer = await route.fetch();
    const html = (await answer.text()).replace("</body>", `<div hidden data-fragment="${fragmentPath}">${put}</div></body>`);
    await route.fulfill({ response: answer, body: html });
  });
  // The page's own question is left open: what it shows comes from the edge.
  let asked = 0;
  await page.route(`**${fragmentPath}`, async (route) => {
    asked += 1;
    if (put === paused) return;
    await route.continue();
  });
  await page.goto(`${shop.origin}/items/${sale.slug}`);
  await expect(page.locator(".dock")).toHaveAttribute("data-phase", "paused");
  for (const broken of ["", "<html>busy</html>"]) {
    put = broken;
    asked = 0;
    await page.reload();
    await expect(page.locator(".dock")).toHaveAttribute("data-phase", "upcoming");
    await expect.poll(() => asked).toBeGreaterThan(0);
  }
});
