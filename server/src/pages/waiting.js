// The waiting page comes back to life by itself. Everybody asks at a time of their own, so that the end of the wait is no
// stampede: 8 s to 20 s after the page came, and after each time that it is still the waiting page.
const LEAST_MS = 8000;
const SPREAD_MS = 12000;

function later() {
  setTimeout(look, LEAST_MS + Math.random() * SPREAD_MS);
}

async function look() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (answer.status < 500 && !answer.headers.has("waiting-page")) {
      location.reload();
      return;
    }
  } catch {
    // No way to the shop now; the next time there may be one.
  }
  later();
}

later();
