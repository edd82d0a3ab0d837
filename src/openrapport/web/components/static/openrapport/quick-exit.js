// Quick exit. Without script the link simply leads away. With it, this page is also replaced in the history,
// so that "back" does not return here, and pressing Escape three times within two seconds leaves too.

const link = document.querySelector("[data-quick-exit]");

function leave() {
  // Blank the page first: on a slow connection the old page would stay readable until the new one comes.
  document.documentElement.replaceChildren();
  window.location.replace(link.href);
}

if (link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });

  let presses = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      presses = [];
      return;
    }
    presses = [...presses.filter((at) => event.timeStamp - at < 2000), event.timeStamp];
    if (presses.length >= 3) leave();
  });
}
