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

async function refresh() {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (lost.textContent) location.reload(); // another run numbers its messages anew
    merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    lost.textContent = "The emulator has ended. This page waits for it.";
  }
  setTimeout(refresh, 1000);
}
setTimeout(refresh, 1000);
