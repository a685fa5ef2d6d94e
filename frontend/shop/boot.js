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
