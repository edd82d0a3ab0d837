// Keys of the caseload: j and k walk through the clients, / goes to the search, ? shows the keys. Enter is the link's own.
// They can be switched off on the page (WCAG 2.1.4); the device remembers it.
const REMEMBERED = "caseload-keys";
const keys = document.querySelector("[data-keys] details");
const switchRow = document.querySelector("[data-keys-switch]");
const tick = switchRow?.querySelector("input");

function readChoice() {
  try {
    return localStorage.getItem(REMEMBERED) !== "off";
  } catch {
    return true; // storage is shut: the keys work, and the choice lasts as long as the page
  }
}

function keepChoice(on) {
  try {
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
  } catch {
    // nothing to do: see above
  }
}

function moveBy(step) {
  const rows = [...document.querySelectorAll("[data-key-row]")];
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement);
  const next = here === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
  rows[next].focus();
}

const deeds = {
  j: () => moveBy(1),
  k: () => moveBy(-1),
  "/": () => document.querySelector("[data-key-search]")?.focus(),
  "?": () => {
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
  },
};

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable]") !== null;
}

if (keys && tick) {
  tick.checked = readChoice();
  switchRow.hidden = false;
  tick.addEventListener("change", () => keepChoice(tick.checked));
  document.addEventListener("keydown", (event) => {
    if (!tick.checked || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const deed = deeds[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}
