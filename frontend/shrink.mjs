// Takes out of a bundle what the browser never runs, and shortens what is left.
//
// Trunk and wasm-bindgen leave a WebAssembly module and a script beside it ("the glue") that know each other by long
// names. Here both are cut down together: exports that the glue does not use go, then imports that the module does
// not use, until nothing more falls; the names between the two become a letter or two; the glue is minified.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import * as esbuild from "esbuild";

const WASM_OPT = path.join(path.dirname(fileURLToPath(import.meta.resolve("binaryen"))), "bin/wasm-opt");
// Named one by one: `--all-features` would make binaryen write an encoding that browsers refuse.
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];
const OPTIMISE = [
  "-Oz",
  "--converge",
  // Brotli finds more alike in this order.
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
];
const SHORTEN_NAMES = "--minify-imports-and-exports-and-modules";
const SCRIPT = { format: "esm", target: "es2022", legalComments: "none" };

// How Rust names its own crates: `core[0123456789abcdef]` where it was built apart, `core` where it was inlined.
const crate = (name) => `<?${name}(?:\\[[0-9a-f]+\\])?::`;
// What Rust does when a program is wrong: it builds a sentence, which nobody would read, and stops. These stop at
// once. `--dev` keeps the sentences.
const PANICS = new RegExp(
  [
    `^${crate("core")}(?:panicking::panic|panicking::assert_failed|(?:option|result)::(?:unwrap|expect)_failed)`,
    `^${crate("core")}(?:cell::(?:lazy::)?panic|str::slice_error_fail|slice::index::slice_index_fail)`,
    `^${crate("core")}slice::copy_from_slice_impl::len_mismatch_fail`,
    `^${crate("std")}(?:panicking::panic_(?:handler|with_hook)|sys::backtrace::__rust_end_short_backtrace)`,
    `^${crate("std")}(?:alloc::rust_oom|sync::lazy_lock::panic|thread::local::panic)`,
    `^${crate("alloc")}raw_vec::(?:handle_error|capacity_overflow)`,
    `^${crate("__rustc")}rust_panic`,
    "::assert_failed$",
    `^${crate("hashbrown")}raw::Fallibility>?::capacity_overflow`,
  ].join("|"),
);
// Leptos brings streams for server functions. They are exported, and so kept by the linker; nothing here calls them.
const STREAMS = /wasm_streams/;
// Only panics print values this way; `-Zfmt-debug=none` has done the same to our own.
const DEBUG_FORMATS = / as core(?:\[[0-9a-f]+\])?::fmt::Debug>::fmt/;

/// The glue as text and the module as bytes, both smaller and fitting each other.
export async function shrink({ js, wasm }) {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(features());
  emptyFunctions(module);
  const glue = await dropUnused(module, js);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stampede-shrink-"));
  const file = path.join(folder, "bundle.wasm");
  fs.writeFileSync(file, module.emitBinary());
  wasmOpt([...OPTIMISE, file, "-o", file]);
  // By itself: among the others, which run until nothing changes, it would name everything again and again.
  const names = JSON.parse(wasmOpt([SHORTEN_NAMES, file, "-o", file]));
  const small = { js: Buffer.from(await minify(glue, names)), wasm: fs.readFileSync(file) };
  fs.rmSync(folder, { recursive: true });
  return small;
}

/// What the result depends on besides its input.
export const recipe = () => fs.readFileSync(fileURLToPath(import.meta.url));

export const minifyCss = async (css) => (await esbuild.transform(css, { loader: "css", minify: true })).code;

function wasmOpt(args) {
  return execFileSync(WASM_OPT, [...FEATURES, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function features() {
  const { BulkMemory, BulkMemoryOpt, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue } =
    binaryen.Features;
  return BulkMemory | BulkMemoryOpt | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue;
}

function functions(module) {
  const every = Array.from({ length: module.getNumFunctions() }, (_, index) => module.getFunctionByIndex(index));
  return every.map((ref) => {
    const info = binaryen.getFunctionInfo(ref);
    const name = info.name.replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
    return { ref, name, imported: info.module === "" ? undefined : info.base };
  });
}

function emptyFunctions(module) {
  for (const { ref, name, imported } of functions(module)) {
    if (imported !== undefined) continue;
    if (PANICS.test(name) || STREAMS.test(name)) binaryen.Function.setBody(ref, module.unreachable());
    // `Ok(())`: nothing was printed.
    else if (DEBUG_FORMATS.test(name)) binaryen.Function.setBody(ref, module.i32.const(0));
  }
}

async function dropUnused(module, js) {
  const ownExports = [...js.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
  let glue = await withoutDeadCode(js, ownExports);
  for (;;) {
    const used = new Set([...glue.matchAll(/\bwasm\.(\w+)/g)].map(([, name]) => name));
    const exported = Array.from({ length: module.getNumExports() }, (_, index) =>
      binaryen.getExportInfo(module.getExportByIndex(index)).name,
    );
    const unused = exported.filter((name) => !used.has(name));
    unused.forEach((name) => module.removeExport(name));
    module.runPasses(["remove-unused-module-elements"]);
    const imports = functions(module).flatMap(({ imported }) => imported ?? []);
    const before = glue.length;
    // One property of the object of imports, as esbuild lays it out.
    glue = glue.replace(/^ {4}(\w+): function\([^]*?^ {4}\},?\n/gm, (all, name) => (imports.includes(name) ? all : ""));
    const missing = imports.filter((name) => !glue.includes(`${name}: function(`));
    if (missing.length > 0) throw new Error(`the glue has no ${missing.join(", ")}`);
    if (unused.length === 0 && glue.length === before) return glue;
    glue = await withoutDeadCode(glue, ownExports);
  }
}

/// The glue with the named functions and its initialiser as its only exports, and what those use.
async function withoutDeadCode(glue, names) {
  const plugin = {
    name: "glue",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^glue$/ }, () => ({ path: "glue", namespace: "glue" }));
      onLoad({ filter: /./, namespace: "glue" }, () => ({ contents: glue }));
    },
  };
  const { outputFiles } = await esbuild.build({
    ...SCRIPT,
    stdin: { contents: `export { default, ${names.join(", ")} } from "glue"` },
    plugins: [plugin],
    bundle: true,
    write: false,
    // Both would keep classes that nobody uses.
    define: { "Symbol.dispose": "undefined" },
    pure: ["FinalizationRegistry"],
  });
  return outputFiles[0].text;
}

async function minify(glue, { imports, exports }) {
  const modules = imports.map(([name]) => [name, "a"]);
  const short = Object.fromEntries([...modules, ...imports.map(([, name, short]) => [name, short]), ...exports]);
  const names = Object.keys(short).map((name) => name.replace(/\W/g, "\\$&"));
  const options = { mangleProps: new RegExp(`^(?:${names.join("|")})$`), mangleQuoted: true, mangleCache: short };
  return (await esbuild.transform(glue, { ...SCRIPT, ...options, minify: true })).code;
}
