// On the pages that say "saved" or "sent before": the device's own copies of that check-in go.

import { forgetCheckIn } from "./device.js";

for (const mark of document.querySelectorAll("[data-sent-check-in]")) {
  forgetCheckIn(mark.dataset.person, mark.dataset.sentCheckIn);
}
