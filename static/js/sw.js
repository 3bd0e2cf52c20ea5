// Keeps the last card page and what it needs, so that it can be shown at the counter without a line. It answers from the
// network whenever there is one. Only the card itself is kept: its address is the folder that this script is served from.
const SCOPE = new URL("./", self.location).pathname;
const KEPT = `regulars-card:${SCOPE}`;
const isCard = (url) => url.pathname === SCOPE || `${url.pathname}/` === SCOPE;
const isPart = (url) => url.pathname.startsWith("/static/") || [`${SCOPE}theme.css`, `${SCOPE}logo.png`].includes(url.pathname);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function card(request) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(SCOPE, answer.clone());
    if ([401, 403, 404, 410].includes(answer.status)) await caches.delete(KEPT); // left, logged out, or closed
    return answer;
  } catch {
    return (await cache.match(SCOPE)) || Response.error();
  }
}

// What has a version in its address never changes; the rest is asked for anew.
async function part(request, isFixed) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request);
  if (kept && isFixed) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return kept || Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && isCard(url)) event.respondWith(card(event.request));
  else if (isPart(url)) event.respondWith(part(event.request, url.searchParams.has("v")));
});
