// The check-in page: keeps what is typed on the device, sends it without losing it, and says where it is.
// Without this file the page is an ordinary form. On a handed-over device nothing is stored at all.

import { draftsOf, forgetCheckIn, forgetEverybody, forgetOthers, noDrafts } from "./device.js";
import { startSheets } from "./drawing.js";
import { setState, showPanel, showProgress } from "./status.js";

const NOT_AN_ANSWER = new Set(["csrfmiddlewaretoken", "key"]);
const TRY_AGAIN_AFTER = 15_000;

class CheckIn {
  constructor(form) {
    this.form = form;
    this.mode = form.dataset.mode;
    this.id = form.dataset.checkIn;
    this.person = form.dataset.person;
    this.drafts = this.mode === "kiosk" ? noDrafts : draftsOf(this.person, this.id);
    this.busy = false;
    this.waiting = null;
  }

  async start() {
    this.restore();
    this.sheets = startSheets(this.form);
    showProgress(this.form);
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    window.addEventListener("online", () => this.sendWaiting());
    for (const button of document.querySelectorAll("[data-again]")) {
      button.addEventListener("click", () => this.sendWaiting());
    }
    for (const button of document.querySelectorAll("[data-take-back]")) {
      button.addEventListener("click", () => this.takeBack());
    }
    if (this.mode === "page") {
      this.listenToWorker();
      await forgetOthers(this.person);
      await this.findWaiting();
      await this.prepareForOffline();
    }
  }

  answers() {
    return [...new FormData(this.form)].filter(([name, value]) => !NOT_AN_ANSWER.has(name) && this.counts(name, value));
  }

  counts(name, value) {
    const field = this.form.elements.namedItem(name);
    return value !== "" || !(field instanceof HTMLTextAreaElement || field.type === "hidden");
  }

  changed() {
    showProgress(this.form);
    const kept = this.drafts.write({ key: this.form.elements.key.value, answers: this.answers() });
    setState(kept ? "offline" : "idle");
    if (this.form.elements.who_sees?.value) document.querySelector("[data-choose-first]").hidden = true;
  }

  restore() {
    if (this.form.hasAttribute("data-bound")) return; // the server has just given back what was typed
    const draft = this.drafts.read();
    if (!draft) return;
    this.form.elements.key.value = draft.key;
    for (const [name, value] of draft.answers) {
      const field = this.form.elements.namedItem(name);
      if (field) field.value = value; // for radio buttons this checks the one with that value
    }
    setState("offline");
    document.querySelector("[data-restored]").hidden = draft.answers.length === 0;
  }

  entry() {
    const body = new URLSearchParams([...this.answers(), ["key", this.form.elements.key.value]]).toString();
    return { id: this.id, person: this.person, url: this.form.action, tokenUrl: this.form.dataset.tokenUrl, body };
  }

  async send() {
    if (this.busy) return;
    if (!this.form.elements.who_sees.value) {
      this.askWhoSees();
      return;
    }
    this.waiting = this.entry();
    // First onto the device, then onto the way: a tab that dies in between loses nothing.
    if (this.mode === "page") this.sayWhereItIs(await self.outbox.put(this.waiting).then(() => true, () => false));
    await this.attempt(this.form.elements.csrfmiddlewaretoken.value);
  }

  // Where the browser stores nothing (a private window, a full disk), nobody is told that the page can be closed.
  sayWhereItIs(kept) {
    for (const words of document.querySelectorAll("[data-kept-here]")) words.hidden = !kept;
    for (const words of document.querySelectorAll("[data-only-on-page]")) words.hidden = kept;
  }

  askWhoSees() {
    document.querySelector("[data-choose-first]").hidden = false;
    const choices = document.querySelector("[data-who-sees]");
    choices.scrollIntoView({ block: "start" });
    choices.querySelector("input").focus({ preventScroll: true });
  }

  async findWaiting() {
    const entry = await self.outbox.find(this.id).catch(() => null);
    if (!entry) {
      await this.askWhetherOpen();
      return;
    }
    if (entry.person !== this.person) return;
    this.waiting = entry;
    await this.attempt(this.form.elements.csrfmiddlewaretoken.value);
  }

  // The service worker may have sent the answers while this page was on its way here.
  async askWhetherOpen() {
    if (!this.drafts.read()) return;
    try {
      const response = await fetch(this.form.dataset.tokenUrl, { redirect: "manual", cache: "no-store" });
      if (response.ok && !(await response.json()).open) window.location.reload();
    } catch {
      // no connection: then nobody has sent anything either
    }
  }

  async sendWaiting() {
    if (this.waiting) await this.attempt(this.form.elements.csrfmiddlewaretoken.value);
  }

  async attempt(token) {
    if (this.busy) return;
    this.busy = true;
    setState("saving");
    const result = await self.outbox.deliver(this.waiting, token);
    this.busy = false;
    await this.settle(result);
  }

  async settle({ state, redirect }) {
    if (state === "saved") {
      await this.forget();
      setState("saved");
      window.location.replace(redirect);
    } else if (state === "waiting" || state === "failed") {
      this.form.hidden = true;
      setState(state === "waiting" ? "waiting" : "failed");
      showPanel(state);
      await this.askForSync();
      window.setTimeout(() => this.sendWaiting(), TRY_AGAIN_AFTER);
    } else if (state === "sign_in") {
      this.form.hidden = true;
      setState("waiting");
      showPanel("sign_in");
    } else if (state === "invalid") {
      await this.dropWaiting();
      HTMLFormElement.prototype.submit.call(this.form); // the server shows the page with a sentence at each field
    } else {
      await this.dropWaiting();
      setState("failed");
      showPanel(state);
    }
  }

  async dropWaiting() {
    this.waiting = null;
    if (this.mode === "page") await self.outbox.remove(this.id).catch(() => {});
  }

  async forget() {
    this.waiting = null;
    this.drafts.remove();
    if (this.mode === "page") await forgetCheckIn(this.person, this.id);
  }

  async takeBack() {
    await this.dropWaiting();
    this.form.hidden = false;
    showPanel(null);
    setState(this.drafts === noDrafts ? "idle" : "offline");
    this.form.querySelector("input, textarea").focus();
  }

  async askForSync() {
    if (this.mode !== "page" || !("serviceWorker" in navigator)) return;
    try {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration?.sync?.register("send-check-ins");
    } catch {
      // not offered by this browser: the page itself sends when the connection is back
    }
  }

  listenToWorker() {
    navigator.serviceWorker?.addEventListener("message", ({ data }) => {
      if (data?.saved === this.id) this.settle({ state: "saved", redirect: data.redirect });
    });
  }

  async prepareForOffline() {
    if (!("serviceWorker" in navigator)) return;
    try {
      await navigator.serviceWorker.register("/sw.js", { scope: "/" });
      const registration = await navigator.serviceWorker.ready;
      registration.active.postMessage({ keep: window.location.pathname });
    } catch {
      // a private window, or no secure connection: everything works but opening this page without a connection
    }
  }
}

const form = document.querySelector("form[data-check-in]");

// A page that comes back out of the browser's memory is not the page of now, and on a shared device not for the next person.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

if (form) {
  const checkIn = new CheckIn(form);
  if (checkIn.mode === "kiosk") {
    // Whoever handed the device over may have begun something of their own on it: it is not for the next person's eyes.
    forgetEverybody().catch(() => {});
    window.addEventListener("pagehide", () => {
      form.reset();
      for (const sheet of checkIn.sheets) sheet.forget();
    });
  }
  checkIn.start();
}
