// Light or dark at once, without loading the page again. The server keeps the choice in the cookie `theme`
// and writes `data-theme` itself, so without script the buttons simply send their form.

const names = { light: "rapport", dark: "rapport-dark" };

for (const form of document.querySelectorAll("[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    const chosen = event.submitter?.value ?? "";
    event.preventDefault();
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    const age = chosen ? 60 * 60 * 24 * 365 : 0;
    document.cookie = `theme=${chosen}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
    if (chosen) document.documentElement.dataset.theme = names[chosen];
    else delete document.documentElement.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-switch] button")) {
      button.setAttribute("aria-pressed", String(button.value === chosen));
    }
  });
}
