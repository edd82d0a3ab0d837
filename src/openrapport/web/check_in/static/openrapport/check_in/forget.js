// On every page: whoever signs out takes along what this device kept of them, before the session ends.

const SIGN_OUT = /\/account\/sign-out\/$/;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  // As attributes: a field that is called "action" hides the form's own property.
  const address = new URL(form.getAttribute("action") ?? "", window.location.href);
  if (form.getAttribute("method") !== "post" || !SIGN_OUT.test(address.pathname)) return;
  event.preventDefault();
  try {
    const { forgetEverybody } = await import("./device.js");
    await forgetEverybody();
  } finally {
    HTMLFormElement.prototype.submit.call(form);
  }
});
