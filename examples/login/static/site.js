"use strict";

// The pages work without this script. It counts seconds down, takes a code out of
// a message where the browser can, tidies one that was pasted, copies and prints
// recovery codes, and looks for new messages. It never submits anything by itself.

const countdown = document.getElementById("countdown");
if (countdown) {
  const wait = document.getElementById("wait");
  const ready = document.getElementById("ready");
  const buttons = document.querySelectorAll("#send-form button");
  const end = Date.now() + Number(countdown.dataset.seconds) * 1000;
  const span = (s) => s === 1 ? "1 second" : s < 100 ? `${s} seconds` : `${Math.ceil(s / 60)} minutes`;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      countdown.textContent = "in " + span(left);
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
    const { least, most } = code.dataset;
    // A whole message may hold an amount as well, or the code twice. What is left
    // alone here, the server tidies: digits of other scripts, dashes, spaces.
    const whole = text.match(new RegExp(`(?<![0-9.,])[0-9]{${least},${most}}(?![0-9]|[.,][0-9])`));
    const digits = whole ? whole[0] : text.replace(/[^0-9]/g, "");
    if (!digits || /(?![0-9])\p{Nd}/u.test(text)) return;
    event.preventDefault();
    code.value = digits;
  });
  if ("OTPCredential" in window && code.form.id === "code-form") {
    const abort = new AbortController();
    code.form.addEventListener("submit", () => abort.abort());
    navigator.credentials
      .get({ otp: { transport: ["sms"] }, signal: abort.signal })
      .then((otp) => { if (!code.value) code.value = otp.code; })
      .catch(() => {}); // declined, or sent: the person types it
  }
}

const copy = document.getElementById("copy-codes");
if (copy) {
  const copied = document.getElementById("copied");
  const codes = [...document.querySelectorAll("#recovery-codes code")].map((e) => e.textContent).join("\n") + "\n";
  if (navigator.clipboard) { // only over https and on this machine
    copy.hidden = false;
    copy.addEventListener("click", () => navigator.clipboard.writeText(codes).then(
      () => { copied.textContent = copy.textContent = "Copied"; },
      () => { copied.textContent = "They could not be copied: select them."; }));
  }
  const print = document.getElementById("print-codes");
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}

// The page of messages takes over what is new, and leaves focus and place alone.
const messages = document.querySelector("[data-watch]");
if (messages) {
  const look = async () => {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
      const newest = page.getElementById(messages.id);
      if (newest && newest.innerHTML !== messages.innerHTML) messages.replaceChildren(...newest.childNodes);
    } catch { /* the site is not there: it is asked again */ }
    setTimeout(look, Number(messages.dataset.watch));
  };
  setTimeout(look, Number(messages.dataset.watch));
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

// Passkeys: the browser answers our question, and the form carries the answer.
const passkey = document.getElementById("passkey-form");
if (passkey) {
  const button = document.getElementById("use-passkey");
  const said = document.getElementById("passkey-said");
  const { origin, makes } = passkey.dataset;
  const known = window.PublicKeyCredential;
  if (location.origin !== origin) {
    said.textContent = `Passkeys work at ${origin} and nowhere else: open the site there.`;
  } else if (!known || !known.parseRequestOptionsFromJSON) {
    said.textContent = "This browser knows no passkeys, or is too old for them here.";
  } else {
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      said.textContent = "";
      try {
        const { publicKey } = JSON.parse(passkey.dataset.options);
        const answer = makes
          ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(publicKey) })
          : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(publicKey) });
        passkey.elements.credential.value = JSON.stringify(answer.toJSON());
        passkey.submit();
      } catch (fault) {
        said.textContent = fault.name === "InvalidStateError"
          ? "This device has a passkey for your account already."
          : "Nothing came of it: it was cancelled, or took too long. You can try again.";
        button.disabled = false;
      }
    });
  }
}
