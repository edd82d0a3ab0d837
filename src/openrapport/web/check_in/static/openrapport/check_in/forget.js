// For the page on which somebody signs out: what this device kept of them goes before the session does.

import { forgetEverybody } from "./device.js";

for (const form of document.querySelectorAll("form[data-forget-device]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await forgetEverybody();
    } finally {
      HTMLFormElement.prototype.submit.call(form);
    }
  });
}
