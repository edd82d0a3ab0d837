// Lets the check-in page open, and answers go out, on a bad connection. The server writes
// `self.settings` and the text of outbox.js above this one.
//
// Privacy: of all pages only /check-in/<id>/ is ever kept, and only when the server marks its answer with
// X-Keep-On-Device, which it does for somebody signed in whose own check-in is still open. Such a page holds the
// questions and the therapist's first name, no answers. It goes when the check-in is sent, when its person signs out,
// when somebody else signs in on the device (device.js), when the server no longer marks it, and after three days.
// Links (/c/...), handed-over devices (/kiosk/...) and every other page pass through untouched and are never kept.

const SHELL = `openrapport-shell-${self.settings.version}`;
const PAGES = "openrapport-check-in-pages";
const KEEP_FOR = 3 * 24 * 60 * 60 * 1000;
const CHECK_IN = /^\/check-in\/[0-9a-f-]{36}\/$/;
const UNTOUCHED = /^\/(c|kiosk|health|demo)\//;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll([...self.settings.shell, new Request(self.settings.offline, { credentials: "omit" })]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("openrapport-shell-") && name !== SHELL))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || UNTOUCHED.test(url.pathname)) return;
  if (self.settings.shell.includes(url.pathname)) event.respondWith(fromShell(request));
  else if (request.mode === "navigate") event.respondWith(fromNetwork(request, url.pathname));
});

async function fromShell(request) {
  const kept = await (await caches.open(SHELL)).match(request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

async function fromNetwork(request, path) {
  try {
    const response = await fetch(request);
    if (CHECK_IN.test(path)) await keepOrForget(path, response);
    return response;
  } catch {
    const kept = CHECK_IN.test(path) ? await keptPage(path) : undefined;
    return kept ?? (await caches.match(self.settings.offline)) ?? Response.error();
  }
}

async function keepOrForget(path, response) {
  const pages = await caches.open(PAGES);
  const mayStay = response.ok && !response.redirected && response.headers.get("X-Keep-On-Device") === "check-in";
  if (mayStay) await pages.put(path, response.clone());
  else if (response.type !== "opaqueredirect") await pages.delete(path);
}

async function keptPage(path) {
  const pages = await caches.open(PAGES);
  const kept = await pages.match(path);
  if (kept && Date.now() - Date.parse(kept.headers.get("Date")) > KEEP_FOR) {
    await pages.delete(path);
    return undefined;
  }
  return kept;
}

self.addEventListener("message", (event) => {
  const path = event.data?.keep;
  if (typeof path !== "string" || !CHECK_IN.test(path)) return;
  event.waitUntil(fetch(path, { redirect: "manual" }).then((response) => keepOrForget(path, response)).catch(() => {}));
});

self.addEventListener("sync", (event) => {
  if (event.tag === "send-check-ins") event.waitUntil(sendWaiting());
});

async function sendWaiting() {
  let mustTryAgain = false;
  for (const entry of await self.outbox.all()) {
    const result = await self.outbox.deliver(entry);
    if (result.state === "saved") {
      await self.outbox.remove(entry.id);
      await (await caches.open(PAGES)).delete(`/check-in/${entry.id}/`);
      for (const page of await self.clients.matchAll({ type: "window" })) {
        page.postMessage({ saved: entry.id, redirect: result.redirect });
      }
    }
    mustTryAgain ||= result.state === "waiting" || result.state === "failed";
  }
  if (mustTryAgain) throw new Error("the connection is not back yet"); // the browser asks again later
}
