"use strict";
const list = document.getElementById("messages");
const lost = document.getElementById("lost");

// Only what is new is added, so that a selection stays and a screen reader does
// not read the whole list again.
function merge(next) {
  for (const old of [...list.children]) {
    if (!next.getElementById(old.id)) old.remove();
  }
  for (const message of [...next.getElementById("messages").children].reverse()) {
    if (!document.getElementById(message.id)) list.prepend(message);
  }
  document.title = next.title;
}

let last = ""; // the tag of the page that is shown

async function refresh() {
  try {
    const answer = await fetch("/", { cache: "no-store", headers: last ? { "If-None-Match": last } : {} });
    if (lost.textContent) location.reload(); // another run numbers its messages anew
    if (answer.status === 200) {
      last = answer.headers.get("ETag") || "";
      merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    lost.textContent = "The emulator has ended. This page waits for it.";
  }
  setTimeout(refresh, 1000);
}
setTimeout(refresh, 1000);

// A click or the Tab key selects the whole line, to be copied.
for (const field of document.querySelectorAll("input")) {
  field.addEventListener("focus", () => field.select());
  field.addEventListener("click", () => field.select());
}
