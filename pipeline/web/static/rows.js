// Rows as one works with them: ticks with what they are for, a side panel with what a row's record says, and columns
// that sort the rows that are there. A preview is read and logged like any view of a record; a hit-only row's repeats
// what the row says.
(() => {
  const rowOf = (element) => element?.closest?.("[data-row]");
  const panel = () => document.getElementById("preview");
  const content = () => document.getElementById("preview-content");
  const FOLLOW_MS = 150; // one who goes on by j j j asks once

  // ── ticks ──
  const picks = () => [...document.querySelectorAll("[data-pick]")].filter((box) => !box.disabled);
  const ticked = () => picks().filter((box) => box.checked).map(rowOf).filter((row) => row?.dataset.keep);
  const count = () => {
    const rows = ticked();
    const bar = document.getElementById("picked");
    if (!bar) return;
    bar.querySelector("[data-picked-count]").textContent = rows.length || "";
    bar.hidden = !rows.length || Boolean(document.getElementById("triage"));
    for (const whole of document.querySelectorAll("[data-pick-all]")) {
      const own = [...whole.closest("table, .panel").querySelectorAll("[data-pick]")];
      whole.checked = own.length > 0 && own.every((box) => box.checked);
      whole.indeterminate = !whole.checked && own.some((box) => box.checked);
    }
  };
  const tick = (row) => {
    const box = row?.querySelector("[data-pick]");
    if (!box || box.disabled) return;
    box.checked = !box.checked;
    count();
  };
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-pick-all]"))
      for (const box of target.closest("table, .panel").querySelectorAll("[data-pick]:not([disabled])")) box.checked = target.checked;
    if (target.matches?.("[data-pick], [data-pick-all]")) count();
  });
  // Rows that go take their ticks along.
  let counting;
  const observe = () =>
    new MutationObserver(() => {
      cancelAnimationFrame(counting);
      counting = requestAnimationFrame(count);
    }).observe(document.querySelector("main") ?? document.body, { childList: true, subtree: true });
  window.addEventListener("load", observe);

  // What is kept is asked by a dialog that listens for this.
  const keep = () => {
    const marks = ticked().map((row) => row.dataset.keep);
    if (marks.length) document.dispatchEvent(new CustomEvent("keep", { bubbles: true, detail: marks }));
  };

  // A list is saved with what is ticked of it, else whole.
  document.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-export]")) target.elements.only.value = JSON.stringify(ticked().map((row) => row.dataset.keep));
  }, true);

  // ── preview ──
  let shown = null; // the row whose preview is open
  let following;
  const mark = (row) => {
    shown?.removeAttribute("data-peeked");
    shown = row;
    row?.setAttribute("data-peeked", "");
  };
  const close = (moves) => {
    if (panel()?.hidden !== false) return;
    clearTimeout(following);
    panel().hidden = true;
    document.body.classList.remove("previewing");
    const back = shown;
    mark(null);
    if (moves || panel().contains(document.activeElement)) back?.querySelector("[data-open], [data-peek]")?.focus({ preventScroll: true });
  };
  const peek = (row) => {
    if (!panel() || !row?.matches("[data-preview], [data-preview-self]")) return;
    mark(row);
    const own = panel().querySelector("[data-preview-own]");
    const said = [...row.querySelectorAll("[data-said]")].map((part) => part.cloneNode(true));
    for (const copy of said) for (const each of [copy, ...copy.querySelectorAll("[id]")]) each.removeAttribute("id");
    own.replaceChildren(...("previewSelf" in row.dataset ? said : []));
    panel().hidden = false;
    document.body.classList.add("previewing");
    content().hidden = "previewSelf" in row.dataset;
    if (content().hidden) return;
    panel().setAttribute("aria-busy", "true");
    emitEvent("preview", { case: row.dataset.preview });
  };
  const toggle = (row) => (row && row === shown && !panel().hidden ? close(true) : peek(row));
  const previewShown = (key) => {
    panel().removeAttribute("aria-busy");
    panel().querySelector("[data-preview-said]").textContent = key;
    panel().scrollTop = 0;
  };
  document.addEventListener("focusin", ({ target }) => {
    const row = target.matches?.("[data-open]") && rowOf(target);
    clearTimeout(following);
    if (row && row !== shown && panel()?.hidden === false && row.matches("[data-preview], [data-preview-self]"))
      following = setTimeout(() => peek(row), FOLLOW_MS);
  });
  // Esc closes a term, then the preview, before it leads anywhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    const term = document.querySelector("#term:popover-open");
    if (term) {
      event.stopImmediatePropagation();
      return term.hidePopover();
    }
    if (panel()?.hidden !== false || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    close(true);
  }, true);

  // ── sorting: the rows that are there, by what they show ──
  const valueOf = (row, name) => {
    const cell = row.querySelector(`[data-by="${CSS.escape(name)}"]`);
    return cell?.dataset.value ?? cell?.textContent.trim() ?? "";
  };
  const came = new WeakMap(); // the place in which a row came, or was put by hand since
  let comers = 0;
  const sort = (place, name, down) => {
    const rows = [...place.querySelectorAll("[data-row]")];
    const asTheyCame = !place.classList.contains("sorted");
    for (const row of rows) if (asTheyCame || !came.has(row)) came.set(row, comers++);
    place.classList.toggle("sorted", name !== "");
    const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
    const values = new Map(rows.map((row) => [row, name === "" ? "" : valueOf(row, name)]));
    const numbers = [...values.values()].every((value) => value === "" || Number.isFinite(Number(value)));
    const order = (a, b) => {
      const [one, other] = [values.get(a), values.get(b)];
      if (one === other) return came.get(a) - came.get(b);
      if (one === "" || other === "") return one === "" ? 1 : -1;
      const by = numbers ? one - other : collator.compare(one, other);
      return (down ? -by : by) || came.get(a) - came.get(b);
    };
    const held = document.activeElement;
    for (const row of rows.toSorted(order)) {
      const more = row.nextElementSibling?.matches(".unfolded") ? [row.nextElementSibling] : [];
      row.parentElement.append(row, ...more);
    }
    if (document.activeElement !== held) held.focus({ preventScroll: true });
  };
  // A table says by which column it is sorted, in its head and, where that has no room, in a choice above it.
  const sortTable = (table, name, down) => {
    for (const button of table.querySelectorAll("[data-sort]")) {
      const head = button.closest("th");
      if (button.dataset.sort === name) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const choice = table.previousElementSibling?.querySelector("[data-sort-in]");
    const said = down ? `${name} down` : name;
    if (choice) choice.value = [...choice.options].some((option) => option.value === said) ? said : name;
    sort(table.tBodies[0], name, down);
  };
  // A click sorts upwards, the next one downwards, the third puts the rows back as they came.
  const sortBy = (button) => {
    const next = { ascending: "descending", descending: "" }[button.closest("th").getAttribute("aria-sort")] ?? "ascending";
    sortTable(button.closest("table"), next ? button.dataset.sort : "", next === "descending");
  };
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("[data-sort-in]")) return;
    const [name, down] = target.value.split(" ");
    const place = target.dataset.sortIn ? document.getElementById(target.dataset.sortIn) : target.closest("label").nextElementSibling;
    if (place?.matches("table")) sortTable(place, name, down === "down");
    else if (place) sort(place, name, down === "down");
  });

  // ── terms: what a question mark says, beside it ──
  const explain = (button) => {
    const place = document.getElementById("term");
    if (place.matches(":popover-open") && place.dataset.of === button.dataset.term) return place.hidePopover();
    place.textContent = button.dataset.term;
    place.dataset.of = button.dataset.term;
    place.showPopover({ source: button });
    const [at, own] = [button.getBoundingClientRect(), place.getBoundingClientRect()];
    const left = Math.min(Math.max(8, at.left), innerWidth - own.width - 8);
    const below = at.bottom + 6 + own.height < innerHeight;
    Object.assign(place.style, { left: `${left}px`, top: `${below ? at.bottom + 6 : at.top - own.height - 6}px` });
  };

  // ── rows that unfold ──
  const unfold = (button, opens = button.getAttribute("aria-expanded") !== "true") => {
    button.setAttribute("aria-expanded", opens);
    document.getElementById(button.getAttribute("aria-controls")).hidden = !opens;
  };

  document.addEventListener("click", ({ target }) => {
    const at = target.closest?.("[data-peek], [data-sort], [data-term], [data-unfold], [data-keep-picked], [data-unpick], [data-preview-close]");
    if (!at) return;
    if ("peek" in at.dataset) toggle(rowOf(at));
    else if ("sort" in at.dataset) sortBy(at);
    else if ("term" in at.dataset) explain(at);
    else if ("unfold" in at.dataset) unfold(at);
    else if ("keepPicked" in at.dataset) keep();
    else if ("previewClose" in at.dataset) close(true);
    else {
      for (const box of picks()) box.checked = false;
      count();
    }
  });

  Object.assign((window.liaison ??= {}), { closePreview: () => close(false), previewShown, tick, togglePreview: toggle });
})();
