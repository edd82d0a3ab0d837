// Passkeys: adding one, signing in with one, showing one again. A form says what it is for by data-passkey:
// "sign-in" fetches its options, "show" and "add" find them in the page. Without this script the forms stay hidden.

const fromText = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const readIds = (list) => (list || []).map((one) => ({ ...one, id: fromText(one.id) }));

async function create(options) {
  const publicKey = {
    ...options,
    challenge: fromText(options.challenge),
    user: { ...options.user, id: fromText(options.user.id) },
    excludeCredentials: readIds(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return {
    ...common(made),
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports ? made.response.getTransports() : [],
    },
  };
}

async function show(options) {
  const publicKey = {
    ...options,
    challenge: fromText(options.challenge),
    allowCredentials: readIds(options.allowCredentials),
  };
  const shown = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature, userHandle } = shown.response;
  return {
    ...common(shown),
    response: {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      userHandle: userHandle ? toText(userHandle) : null,
    },
  };
}

function common(credential) {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function fetchOptions(form) {
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  return (await answer.json()).request_options.publicKey;
}

function optionsInPage(form) {
  const found = JSON.parse(document.getElementById(form.dataset.options).textContent);
  return (found.creation_options || found.request_options).publicKey;
}

async function answerFor(form) {
  if (form.dataset.passkey === "sign-in") return show(await fetchOptions(form));
  return form.dataset.passkey === "add" ? create(optionsInPage(form)) : show(optionsInPage(form));
}

function prepare(form) {
  const status = form.querySelector("[data-passkey-status]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await answerFor(form));
      form.submit(); // does not come back here: submit() fires no event
    } catch (problem) {
      console.info("passkey:", problem.name || problem);
      status.hidden = false;
      status.focus();
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.PublicKeyCredential) prepare(form);
  for (const part of document.querySelectorAll(`[data-needs-passkey="${form.dataset.passkey}"]`)) {
    part.hidden = !window.PublicKeyCredential;
  }
  for (const part of document.querySelectorAll(`[data-without-passkey="${form.dataset.passkey}"]`)) {
    part.hidden = Boolean(window.PublicKeyCredential);
  }
}
