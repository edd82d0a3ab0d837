// On every page: whoever signs out takes along what this device kept of them, before the session ends.

const SIGN_OUT = /\/account\/sign-out\/$/;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || !SIGN_OUT.test(new URL(form.action).pathname)) return;
  event.preventDefault();
  try {
    const { forgetEverybody } = await import("./device.js");
    await forgetEverybody();
  } finally {
    HTMLFormElement.prototype.submit.call(form);
  }
});
