// Answers that were sent while there was no connection wait here, in the device's own database, until the server has
// said that it saved them. A page and the service worker both use this file, so it puts one object on `self`.
// Sending twice does no harm: the key inside the answers lets the server record them once.

(() => {
  const DATABASE = "openrapport";
  const STORE = "outbox";

  function openDatabase() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(DATABASE, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  async function inStore(mode, deed) {
    const database = await openDatabase();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode, { durability: "strict" });
        const asked = deed(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(asked.result);
        transaction.onerror = () => reject(transaction.error);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  const put = (entry) => inStore("readwrite", (store) => store.put(entry));
  const remove = (id) => inStore("readwrite", (store) => store.delete(id));
  const find = (id) => inStore("readonly", (store) => store.get(id));
  const all = () => inStore("readonly", (store) => store.getAll());

  // The whole database goes; where something keeps it open, at least what is in it.
  async function forget() {
    const known = (await indexedDB.databases?.()) ?? [{ name: DATABASE }];
    if (!known.some(({ name }) => name === DATABASE)) return;
    await inStore("readwrite", (store) => store.clear());
    indexedDB.deleteDatabase(DATABASE);
  }

  const REFUSED = { 409: "already_sent", 422: "invalid" };

  async function askForToken(entry) {
    if (!entry.tokenUrl) return null;
    const response = await fetch(entry.tokenUrl, { redirect: "manual", cache: "no-store" });
    return response.ok ? (await response.json()).csrf_token : null;
  }

  function post(entry, token) {
    return fetch(entry.url, {
      method: "POST",
      redirect: "manual",
      body: entry.body,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        "X-CSRFToken": token,
      },
    });
  }

  // One attempt. Gives { state }: saved (with `redirect`), waiting (no connection), sign_in, invalid, already_sent,
  // closed, gone, or failed (the server had trouble; worth trying again).
  async function deliver(entry, pageToken) {
    try {
      const token = pageToken || (await askForToken(entry));
      if (!token) return { state: "sign_in" };
      let response = await post(entry, token);
      if (response.status === 403) {
        // The page was older than the session: a fresh token, once.
        const fresh = await askForToken(entry);
        if (!fresh) return { state: "sign_in" };
        response = await post(entry, fresh);
      }
      return await read(response);
    } catch {
      return { state: "waiting" };
    }
  }

  async function read(response) {
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) return { state: "sign_in" };
    if (response.status === 404 || response.status === 410) return { state: "gone" };
    if (response.status >= 500) return { state: "failed" };
    const said = await response.json();
    if (response.ok && said.saved === true) return { state: "saved", redirect: said.redirect };
    if (said.reason === "closed") return { state: "closed" };
    return { state: REFUSED[response.status] ?? "failed" };
  }

  self.outbox = { put, remove, find, all, forget, deliver };
})();
