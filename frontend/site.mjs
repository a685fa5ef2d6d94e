// Builds the site: all bundles, styles, fonts and pictures, into target/site, with a manifest for the server.
//
//   node frontend/site.mjs [--only shop|admin] [--dev]
//
// --dev compiles without optimising, in seconds, with panics told in the console; it does not hold the budget.
// Everything under target/site/assets is named by its content, never changed and never removed: a page that an edge
// keeps asks for the files that it was rendered with, after any number of deploys.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { minifyCss, recipe, shrink } from "./shrink.mjs";

const HASH_CHARS = 12;
// The shop's pages come with a second bundle, the check of a draw, which is fetched when somebody asks for it.
const PARTS = ["shop", "admin"];
// In the order of their cascade: they share a layer.
const ADMIN_SHEETS = ["desk", "press", "tables", "forms", "choices", "sale", "draw", "heat", "plan-b"].map((name) => `admin-${name}.css`);
// Nothing in the bundle tells where in the sources it came from, or prints a value for developers. `RUSTC_BOOTSTRAP` lets a
// stable compiler take such flags. The mangling is the one that names a function by all that it was made for, so that
// shrink.mjs knows it.
const RELEASE_RUSTFLAGS = ["-Zlocation-detail=none", "-Zfmt-debug=none", "-Csymbol-mangling-version=v0"];

const dev = process.argv.includes("--dev");

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const site = path.join(root, "target/site");
const assets = path.join(site, "assets");
const cache = path.join(root, "target/site-cache");

const read = (...parts) => fs.readFileSync(path.join(root, ...parts));
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

function say(text) {
  console.log(`[site] ${text}`);
}

function fail(text) {
  console.error(`[site] ${text}`);
  process.exit(1);
}

/// Writes whole or not at all: a running server reads from here.
function write(file, bytes) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, bytes);
  fs.renameSync(`${file}.new`, file);
}

/// Puts a file among the assets under a name by its content, with its compressed forms. Answers with its address.
function asset(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  const file = path.join(assets, `${stem}.${sha256(bytes).slice(0, HASH_CHARS)}${ext}`);
  if (!fs.existsSync(file)) {
    // The plain file comes last: where it stands, the others do.
    if (ext !== ".woff2") writeCompressed(file, bytes);
    write(file, bytes);
  }
  return `/assets/${path.basename(file)}`;
}

/// What a browser holds a file against (Subresource Integrity).
function integrity(url) {
  const digest = createHash("sha384").update(fs.readFileSync(path.join(site, url))).digest("base64");
  return `sha384-${digest}`;
}

/// The forms of a file that the server sends to browsers that can unpack them.
function writeCompressed(file, bytes = fs.readFileSync(file)) {
  write(`${file}.br`, brotli(bytes));
  write(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: dev ? 4 : 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}

/// Runs Trunk on one bundle. Answers with the page, script and WebAssembly that it wrote.
function trunk(bundle) {
  const page = path.join(root, "frontend", bundle, "index.html");
  const dist = path.join(root, "target/trunk", bundle);
  fs.rmSync(dist, { recursive: true, force: true });
  say(`${bundle}: compiling to WebAssembly (minutes the first time, seconds after)`);
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(root, "target/wasm") };
  // Trunk reads these two as its own options and wants true or false.
  delete env.NO_COLOR;
  delete env.TRUNK_OFFLINE;
  if (!dev) {
    env.RUSTC_BOOTSTRAP = "1";
    env.RUSTFLAGS = [process.env.RUSTFLAGS, ...RELEASE_RUSTFLAGS].join(" ").trim();
  }
  const profile = dev ? "dev" : "wasm-release";
  const args = ["build", "--config", path.join(root, "Trunk.toml"), "--cargo-profile", profile, "--dist", dist];
  args.push("--skip-version-check", "--quiet", page);
  execFileSync("trunk", args, { cwd: root, env, stdio: "inherit" });
  const written = fs.readdirSync(dist);
  const only = (ending) => {
    const name = written.find((name) => name.endsWith(ending)) ?? fail(`${bundle}: Trunk wrote no ${ending}`);
    return { name, bytes: fs.readFileSync(path.join(dist, name)) };
  };
  return { page: only(".html").bytes.toString(), js: only(".js"), wasm: only(".wasm") };
}

/// Shrinks a bundle once: the same input is found among those of earlier runs.
async function shrunk(bundle, js, wasm) {
  const kept = path.join(cache, sha256(js, wasm, recipe(), read("package-lock.json")));
  if (!["js", "wasm"].every((name) => fs.existsSync(path.join(kept, name)))) {
    say(`${bundle}: shrinking (about half a minute)`);
    const small = await shrink({ js, wasm });
    for (const [name, content] of Object.entries(small)) write(path.join(kept, name), content);
  }
  return { js: fs.readFileSync(path.join(kept, "js")), wasm: fs.readFileSync(path.join(kept, "wasm")) };
}

async function build(bundle) {
  const { page, js, wasm } = trunk(bundle);
  // The script falls back to a file beside itself; boot.js always names the file, and the fallback would be wrong.
  const script = js.bytes.toString().replace(/^.*new URL\('[^']*_bg\.wasm', import\.meta\.url\).*$/m, "");
  const small = dev ? { js: Buffer.from(script), wasm: wasm.bytes } : await shrunk(bundle, script, wasm.bytes);
  const result = {
    page,
    js_url: asset(`${bundle}.js`, small.js),
    wasm_url: asset(`${bundle}.wasm`, small.wasm),
    // The check of a draw has none: it makes what it shows, and fits any page.
    build_id: small.wasm.toString("latin1").match(/shop-[0-9a-f]{16}/)?.[0],
  };
  const [js_size, wasm_size] = [result.js_url, result.wasm_url].map(wireBytes);
  say(`${bundle}: brotli ${kilobytes(wasm_size)} wasm + ${kilobytes(js_size)} js = ${kilobytes(wasm_size + js_size)}`);
  return result;
}

/// How many bytes of an asset go over the wire. The font is compressed in itself.
function wireBytes(url) {
  const file = path.join(site, url);
  return fs.statSync(fs.existsSync(`${file}.br`) ? `${file}.br` : file).size;
}

/// Refuses a bundle that is heavier than budget.json allows, and says how heavy the parts are. The pages and pictures
/// are the server's and the merchants': a spec measures them.
function holdBudget({ boot_url, js_url, wasm_url, css_url, font_url, draw }) {
  const budget = JSON.parse(read("frontend/budget.json"));
  const parts = {
    script_and_wasm: [boot_url, js_url, wasm_url],
    css: [css_url],
    font: [font_url],
    draw_check: [draw.js_url, draw.wasm_url],
  };
  const sizes = Object.entries(parts).map(([name, urls]) => [name, urls.map(wireBytes).reduce((sum, size) => sum + size)]);
  say("first visit (and the check of a draw, when asked for), brotli, of the budget:");
  for (const [name, size] of sizes) {
    say(`  ${name.padEnd(16)}${kilobytes(size).padStart(8)} of ${kilobytes(budget[name]).padStart(8)}`);
  }
  const heavy = sizes.filter(([name, size]) => size > budget[name]).map(([name]) => name);
  if (heavy.length > 0) fail(`beyond the budget of frontend/budget.json: ${heavy.join(", ")}`);
}

/// Plain CSS, joined: the tokens first, which also state the order of the layers. Addresses of fonts become those of
/// the hashed files.
async function styles(name, files, fonts) {
  let css = files.map((file) => read("style", file).toString()).join("\n");
  for (const [file, url] of Object.entries(fonts)) css = css.replaceAll(`/fonts/${file}`, url);
  return asset(name, Buffer.from(await minifyCss(css)));
}

function copyPublic() {
  fs.cpSync(path.join(root, "public"), site, { recursive: true, preserveTimestamps: true });
  const pictures = fs.readdirSync(path.join(root, "public/images")).filter((file) => file.endsWith(".svg"));
  for (const picture of pictures) writeCompressed(path.join(site, "images", picture));
  const folder = path.join(root, "public/fonts");
  const fonts = fs.readdirSync(folder).filter((file) => file.endsWith(".woff2"));
  return Object.fromEntries(fonts.map((file) => [file, asset(file, fs.readFileSync(path.join(folder, file)))]));
}

/// The admin's page is Trunk's, with its inline initialiser replaced by the boot module.
function adminPage({ page, js_url, wasm_url }, css_url, boot_url) {
  const head = [
    `<link rel="stylesheet" href="${css_url}" integrity="${integrity(css_url)}">`,
    `<script type="module" async src="${js_url}" integrity="${integrity(js_url)}"></script>`,
    `<link rel="preload" href="${wasm_url}" as="fetch" type="application/wasm" crossorigin integrity="${integrity(wasm_url)}">`,
    `<script id="boot" type="module" src="${boot_url}" integrity="${integrity(boot_url)}"`,
    `  data-js="${js_url}" data-wasm="${wasm_url}" data-wasm-integrity="${integrity(wasm_url)}"></script>`,
  ].join("\n");
  return page
    .replace(/<script type="module"[^>]*>[^]*?<\/script>/g, "")
    .replace(/<link rel="(?:modulepreload|preload)"[^>]*>/g, "")
    .replace("</head>", `${head}\n</head>`);
}

/// Bundles are built without `Debug` formatting: what prints by it prints nothing, and what compares by it sees no change.
function refuseDebugFormats() {
  const folders = [
    ...["ui", "shop", "admin", "check"].map((name) => `app/${name}/src`),
    ...["shop", "admin", "draw"].map((name) => `frontend/${name}/src`),
    ...["api", "clock", "draw", "draw-file"].map((name) => `crates/${name}/src`),
  ];
  for (const folder of folders) {
    for (const file of fs.readdirSync(path.join(root, folder), { recursive: true })) {
      if (!file.endsWith(".rs") || file.endsWith("_tests.rs")) continue;
      const [code] = read(folder, file).toString().split("#[cfg(test)]");
      if (/\{[^{}"]*:#?\?\}/.test(code)) fail(`${folder}/${file} formats by Debug, which the bundles do not have`);
    }
  }
}

async function main() {
  refuseDebugFormats();
  const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
  if (only && !PARTS.includes(only)) fail(`--only takes one of: ${PARTS.join(", ")}`);
  const manifestFile = path.join(site, "manifest.json");
  const manifest = fs.existsSync(manifestFile) ? JSON.parse(fs.readFileSync(manifestFile)) : {};
  for (const folder of [assets, cache]) fs.mkdirSync(folder, { recursive: true });

  const fonts = copyPublic();
  const boot_url = asset("boot.js", read("frontend/shop/boot.js"));
  const sheets = fs.readdirSync(path.join(root, "style")).filter((file) => file.endsWith(".css")).sort();
  const common = ["tokens.css", "stalled.css"];
  if (only !== "admin") {
    const { page: _, ...shop } = await build("shop");
    const { page: _page, build_id: _none, ...draw } = await build("draw");
    const own = sheets.filter((file) => ![...common, ...ADMIN_SHEETS].includes(file));
    const css_url = await styles("shop.css", [...common, ...own], fonts);
    for (const file of ["js", "wasm"]) draw[`${file}_integrity`] = integrity(draw[`${file}_url`]);
    manifest.shop = { ...shop, css_url, boot_url, font_url: Object.values(fonts)[0], draw };
    for (const file of ["css", "boot", "js", "wasm"]) {
      manifest.shop[`${file}_integrity`] = integrity(manifest.shop[`${file}_url`]);
    }
    if (!dev) holdBudget(manifest.shop);
  }
  if (only !== "shop") {
    const admin = await build("admin");
    const css_url = await styles("admin.css", [...common, ...ADMIN_SHEETS], fonts);
    write(path.join(site, "admin.html"), adminPage(admin, css_url, boot_url));
    manifest.admin = { html: "admin.html", css_url, boot_url, js_url: admin.js_url, wasm_url: admin.wasm_url };
  }
  write(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
  say(`done: ${path.relative(root, manifestFile)}`);
}

await main();
