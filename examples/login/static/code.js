"use strict";

// The pages work without this script. It counts seconds down, takes a code out of
// a message where the browser can, and tidies one that was pasted. It never
// submits anything by itself.

const countdown = document.getElementById("countdown");
if (countdown) {
  const wait = document.getElementById("wait");
  const ready = document.getElementById("ready");
  const buttons = document.querySelectorAll("#send-form button");
  const end = Date.now() + Number(countdown.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      countdown.textContent = left;
      return setTimeout(tick, 250);
    }
    wait.hidden = true;
    for (const b of buttons) b.disabled = false;
    ready.textContent = "You can ask for another code now."; // the one thing that is spoken
  };
  for (const b of buttons) b.disabled = true; // the server refuses all the same
  tick();
}

const code = document.getElementById("code");
if (code) {
  code.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    const [, least, most] = code.pattern.match(/{([0-9]+),([0-9]+)}/);
    // A whole message may hold an amount as well, or the code twice.
    const whole = text.match(new RegExp(`(?<![0-9.,])[0-9]{${least},${most}}(?![0-9]|[.,][0-9])`));
    const digits = whole ? whole[0] : text.replace(/[^0-9]/g, "");
    if (!digits) return;
    event.preventDefault();
    code.value = digits;
  });
  if ("OTPCredential" in window) {
    const abort = new AbortController();
    code.form.addEventListener("submit", () => abort.abort());
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: abort.signal })
      .then((otp) => { if (!code.value) code.value = otp.code; })
      .catch(() => {}); // declined, or sent: the person types it
  }
}

// A second click would do no harm, and no good either.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => { // back again: the forms work once more
  for (const form of document.querySelectorAll("form")) delete form.dataset.sent;
});
