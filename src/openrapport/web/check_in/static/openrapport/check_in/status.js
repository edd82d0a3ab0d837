// What the check-in page tells while one answers: how far, where the answers are now, and what to do next.

const badge = document.querySelector("[data-saved-state]");
const strip = document.querySelector("[data-strip]");

export function setState(state) {
  if (badge) badge.dataset.state = state;
}

// Panels are written by the server, in the person's language, and wait hidden. One is shown at a time.
export function showPanel(name) {
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
  const shown = name && document.querySelector(`[data-panel="${name}"]`);
  if (shown) {
    shown.scrollIntoView({ block: "center" });
    shown.focus({ preventScroll: true });
  }
}

// A skipped question sends an empty value and is done; an empty text is simply not written yet, nor an empty sheet drawn.
const isDone = (question) =>
  [...question.querySelectorAll("input, textarea")].some((one) =>
    one.type === "radio" ? one.checked : one.value.trim() !== "",
  );

export function showProgress(form) {
  const questions = [...form.querySelectorAll("[data-question]")];
  const done = questions.filter(isDone).length;
  strip.hidden = false;
  const meter = strip.querySelector("progress");
  meter.value = done;
  meter.max = questions.length;
  const words = strip.querySelector("[data-progress-words]");
  words.textContent = words.dataset.progressWords.replace("{done}", done).replace("{total}", questions.length);
}
