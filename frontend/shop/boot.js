// Loads a bundle and brings the page's islands to life. It stands in a file of its own, so that a strict
// content security policy without inline scripts holds.

const boot = document.getElementById("boot");
const { js, wasm, wasmIntegrity } = boot.dataset;

async function start() {
  // The page has the bundle as a script of its own, with its digest; the WebAssembly's digest is told here.
  const [bundle, module_or_path] = await Promise.all([import(js), fetch(wasm, { integrity: wasmIntegrity })]);
  await bundle.default({ module_or_path });
  refuseAnotherBuild(bundle);
  bundle.hydrate?.();
  for (const island of document.querySelectorAll("leptos-island")) {
    hydrate(bundle, island);
    // A slow phone may answer a finger between two of them.
    await new Promise((done) => setTimeout(done));
  }
  document.documentElement.dataset.alive = "";
}

// A page that was rendered from other sources than the bundle has other trees in its islands: to walk on would
// break it in places hard to find.
function refuseAnotherBuild(bundle) {
  const page = document.documentElement.dataset.buildId;
  const built = bundle.build_id?.();
  if (page !== built) {
    throw new Error(`this page was rendered by build ${page}, but ${js} is build ${built}: rebuild the server and the site together`);
  }
}

// Islands here stand side by side and never inside one another. One that fails leaves the others be.
function hydrate(bundle, island) {
  const name = island.dataset.component;
  const enliven = bundle[name];
  if (!enliven) {
    console.error(`stampede: ${js} has no island ${name}`);
    return;
  }
  try {
    enliven(island);
  } catch (error) {
    console.error(`stampede: island ${name} failed`, error);
  }
}

start().catch((error) => {
  document.documentElement.dataset.failed = "";
  console.error("stampede:", error);
});

// What follows is for sales by draw; it needs no island, and works beside ones that failed.
const place = document.querySelector(".check-draw");
if (place) {
  noteFingerprint(place.dataset);
  place.querySelector("button").addEventListener("click", ({ currentTarget }) => checkDraw(place, currentTarget));
}
const copy = document.querySelector(".copy");
if (copy) {
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", () =>
    navigator.clipboard.writeText(copy.value).then(() => (copy.textContent = copy.dataset.done), () => (copy.hidden = true)),
  );
}

// The first fingerprint that this browser sees of a draw's seed is kept, for the check after the draw; those of the
// last few draws.
function noteFingerprint({ saleId, commitment }) {
  try {
    const slot = "stampede-fingerprints";
    const noted = (localStorage.getItem(slot) ?? "").split("\n");
    if (noted.some((line) => line.startsWith(saleId))) return;
    localStorage.setItem(slot, [`${saleId} ${commitment} ${Date.now()}`, ...noted].slice(0, 20).join("\n"));
  } catch {
    // Storage may be off.
  }
}

let check;
let loads = 0;

async function checkDraw(place, button) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    check ??= await loadCheck(place.dataset);
    await check(place);
  } catch (error) {
    console.warn("stampede:", error);
    place.querySelector("[aria-live]").textContent = place.dataset.unreachable;
  }
  button.ariaBusy = "false";
}

// Put into the page as a script with its digest, so that every browser holds it against that, and then imported: the
// module map has it, checked. It remembers a failure too, so that another attempt goes by another address.
async function loadCheck({ js, jsIntegrity, wasm, wasmIntegrity }) {
  const src = loads++ ? `${js}?${loads}` : js;
  await new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { type: "module", src, integrity: jsIntegrity });
    script.onload = done;
    script.onerror = () => failed(new Error(`${src} could not be loaded`));
    document.head.append(script);
  });
  const [bundle, module_or_path] = await Promise.all([import(src), fetch(wasm, { integrity: wasmIntegrity })]);
  await bundle.default({ module_or_path });
  return bundle.check;
}
