// On a person's own pages: what still waits on this device is sent now, and again when the connection is back.

import { forgetCheckIn, forgetOthers } from "./device.js";

const place = document.querySelector("[data-resend]");

// The page is loaded anew after sending; the address carries what it then has to tell.
const ALREADY_SENT = "#already-sent";

function tellWhatHappened() {
  if (window.location.hash !== ALREADY_SENT) return;
  document.querySelector("[data-already-sent]").hidden = false;
  history.replaceState(null, "", window.location.pathname);
}

async function sendWaiting(person) {
  const mine = (await self.outbox.all()).filter((entry) => entry.person === person);
  let left = 0;
  let sent = 0;
  for (const entry of mine) {
    const { state } = await self.outbox.deliver(entry);
    if (state === "already_sent") window.location.hash = ALREADY_SENT;
    if (state === "saved" || state === "already_sent") {
      await forgetCheckIn(person, entry.id);
      sent += 1;
    } else {
      left += 1;
    }
  }
  if (sent > 0) window.location.reload();
  place.hidden = left === 0;
}

if (place) {
  tellWhatHappened();
  const person = place.dataset.person;
  const attempt = () => sendWaiting(person).catch(() => {});
  forgetOthers(person).then(attempt);
  window.addEventListener("online", attempt);
}
