/* Windows over the screen with a form, and what is sent from them. Used by track files and the
   quarantine, whose scripts come after this one by name. */
window.fpu = window.fpu || {};

fpu.dialogs = (function () {
  "use strict";

  /** Post JSON or bytes; resolves to the answer, throws an Error in words that can be shown.
      `signal` of an AbortController lets go of it. */
  async function post(address, sent, signal) {
    const bytes = sent instanceof Blob;
    const answer = await fetch(address, {
      method: "POST",
      headers: {"Content-Type": bytes ? "application/octet-stream" : "application/json"},
      body: bytes ? sent : JSON.stringify(sent),
      signal,
    });
    return told(answer);
  }

  /** The JSON of an answer; throws an Error with what a problem document says, and the document. */
  async function told(answer) {
    if (answer.status === 401) window.dispatchEvent(new CustomEvent("fpu:signed-out"));
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    const words = [found.field, found.detail || answer.status].filter(Boolean).join(": ");
    throw Object.assign(new Error(words), {problem: found});
  }

  /** A label with a control in it. */
  const labelled = (words, control, kind) =>
    fpu.element("label", kind || "", null, ...((kind || "").startsWith("tick") ? [control, words] : [words, control]));

  function input(type, value) {
    const made = fpu.element("input");
    made.type = type;
    if (value !== undefined && value !== null) made.value = value;
    return made;
  }

  /** A list to choose from: [value, words] each. */
  function choice(options) {
    const made = fpu.element("select");
    for (const [value, words] of options) {
      const option = fpu.element("option", "", words);
      option.value = value;
      made.append(option);
    }
    return made;
  }

  function button(words, kind, act) {
    const made = fpu.element("button", kind, words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  /** Open a window; `fill(form, close)` puts things into it. Esc closes it. */
  function open(title, fill) {
    const form = fpu.element("form", "", null, fpu.element("h2", "", title));
    const dialog = fpu.element("dialog", "entry-dialog", null, form);
    form.addEventListener("submit", (event) => event.preventDefault());
    dialog.addEventListener("close", () => dialog.remove());
    document.getElementById("shell").append(dialog);
    fill(form, () => dialog.close());
    dialog.showModal();
    return dialog;
  }

  /** Ask for a reason, then do something with it that may be refused; `hint` stands below. */
  function askReason(title, words, act, hint) {
    open(title, (form, close) => {
      const reason = fpu.element("textarea"), notice = fpu.element("p", "file-notice");
      reason.maxLength = 500;
      notice.setAttribute("role", "alert");
      const go = button(words, "primary", async () => {
        go.disabled = true;
        try {
          await act(reason.value);
          close();
        } catch (fault) {
          fpu.write(notice, fpu.text("tracks.refused", {detail: fault.message}));
        }
        go.disabled = false;
      });
      form.append(labelled(fpu.text("tracks.reason"), reason, "wide"), ...(hint ? [fpu.element("p", "", hint)] : []), notice,
        fpu.element("div", "row-acts", null, go, button(fpu.text("tracks.cancel"), "", close)));
    });
  }

  const base = () => `/api/v1/operations/${encodeURIComponent(fpu.operation())}`;

  return {post, told, labelled, input, choice, button, open, askReason, base};
})();
