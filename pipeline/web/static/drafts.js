// What is being typed into a form with a text of one's own outlives a reload: this tab's sessionStorage keeps it by
// viewer, page and field, until it is saved, the viewer signs out, or the tab is closed. Never at the server.
(() => {
  const PREFIX = "liaison-draft:";
  const SOON_MS = 300;
  const FIELDS = "textarea[id], input[id]:not([type])";
  const viewer = () => document.getElementById("said")?.dataset.viewer;
  const place = () => `${PREFIX}${JSON.stringify([viewer(), location.pathname])}`;
  const keyOf = (field) => place() + field.id;
  const OURS = "form:not([action]):has([name=reason], [name=comment])"; // these say what became of them
  const isDraft = (field) => Boolean(viewer() && field.matches?.(FIELDS) && field.closest(OURS));
  const kept = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const whose = (key) => JSON.parse(key.slice(PREFIX.length, key.lastIndexOf("]") + 1))[0];
  const sending = new Set(); // of forms under way: not put back into the form that is drawn after it
  const typed = new Map(); // what is to be kept, soon
  let soon;

  const keep = () => {
    clearTimeout(soon);
    for (const [key, value] of typed) {
      try {
        if (value) sessionStorage.setItem(key, value);
        else sessionStorage.removeItem(key);
      } catch {
        sessionStorage.removeItem(key); // too large to be kept whole, and half of it would mislead
      }
    }
    typed.clear();
  };
  document.addEventListener("input", ({ target }) => {
    if (!isDraft(target)) return;
    sending.delete(keyOf(target));
    typed.set(keyOf(target), target.value);
    clearTimeout(soon);
    soon = setTimeout(keep, SOON_MS);
  });
  window.addEventListener("pagehide", keep);

  // A verdict that was chosen and not saved, as where the session has ended meanwhile, stands there again.
  const chosen = () => `${place()}verdict`;
  document.addEventListener("change", ({ target }) => {
    const form = viewer() && target.closest?.(`main ${OURS}`);
    const verdict = form?.querySelector("[name=verdict]:checked");
    if (verdict) sessionStorage.setItem(chosen(), JSON.stringify([verdict.value, form.elements.action?.checked ?? false]));
  });
  const restoreVerdict = () => {
    const kept = sessionStorage.getItem(chosen());
    const choices = [...document.querySelectorAll(`main ${OURS} [name=verdict]`)];
    if (!kept || !choices.length) return;
    const [value, action] = JSON.parse(kept);
    const choice = choices.find((each) => each.value === value);
    if (!choice || choices.some((each) => each.checked)) return;
    choice.checked = true;
    if (choice.form.elements.action) choice.form.elements.action.checked = action;
  };

  const restore = () => {
    if (!viewer()) return;
    restoreVerdict();
    for (const field of document.querySelectorAll(`${OURS} :is(${FIELDS})`)) {
      const key = keyOf(field);
      const draft = !sending.has(key) && !typed.has(key) && sessionStorage.getItem(key);
      if (!draft || field.value) continue;
      field.value = draft;
      for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    }
  };
  let drawn;
  const observe = () => {
    for (const key of kept()) if (viewer() && whose(key) !== viewer()) sessionStorage.removeItem(key);
    // Not with the next frame: a tab behind others, or a busy machine, may get none.
    new MutationObserver(() => {
      clearTimeout(drawn);
      drawn = setTimeout(restore);
    }).observe(document.body, { childList: true, subtree: true });
    restore();
  };
  window.addEventListener("load", observe);

  document.addEventListener("submit", ({ target }) => {
    if (target.matches("[action='/sign-out']")) {
      typed.clear();
      for (const key of kept()) sessionStorage.removeItem(key);
      return;
    }
    keep();
    for (const field of target.querySelectorAll(FIELDS)) if (isDraft(field)) sending.add(keyOf(field));
  }, true);

  // What became of the forms under way: what is saved is no draft any more.
  const settleDrafts = (saved) => {
    if (saved) for (const key of [...sending, chosen()]) sessionStorage.removeItem(key);
    sending.clear();
  };

  Object.assign((window.liaison ??= {}), { settleDrafts });
})();
