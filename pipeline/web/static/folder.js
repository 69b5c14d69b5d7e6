// A case folder's list: rows are ordered by Alt and an arrow key, by buttons or by dragging, before the server answers;
// a note is edited where it stands. rows.js sorts them.
(() => {
  const list = () => document.getElementById("kept");
  const rows = () => [...(list()?.children ?? [])];
  const words = () => JSON.parse(list().dataset.words);
  const focused = (row) => row.querySelector("[data-open]")?.focus();

  // ── order ──
  const place = (row, after) => {
    if (after) after.after(row);
    else list().prepend(row);
    emitEvent("folder_move", { item: row.dataset.item, after: after?.dataset.item ?? "" });
  };
  const step = (row, by) => {
    const others = rows().filter((one) => one !== row);
    const at = rows().indexOf(row) + by;
    if (at < 0 || at > others.length || sorted()) return;
    place(row, others[at - 1]);
  };
  const sorted = () => list().classList.contains("sorted"); // for the eye alone (rows.js)

  document.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.altKey && by && event.target.closest("#kept > [draggable]");
    if (!row || event.target.matches("textarea")) return;
    event.preventDefault();
    step(row, by);
    focused(row);
  });

  let dragged;
  document.addEventListener("dragstart", ({ target }) => (dragged = target.closest?.("#kept > [draggable]")));
  document.addEventListener("dragend", () => (dragged = undefined));
  document.addEventListener("dragover", (event) => {
    if (dragged && !sorted() && event.target.closest("#kept")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const under = event.target.closest("#kept > li");
    if (!dragged || !under || under === dragged || sorted()) return;
    event.preventDefault();
    const box = under.getBoundingClientRect();
    const before = event.clientY < box.top + box.height / 2;
    place(dragged, before ? (under.previousElementSibling === dragged ? dragged.previousElementSibling : under.previousElementSibling) : under);
    dragged = undefined;
  });

  // ── what is done to a row ──
  const make = (tag, what) => Object.assign(document.createElement(tag), what);
  const edit = (note) => {
    const { save, cancel, note: named } = words();
    const field = make("textarea", { value: note.textContent, dir: "auto", required: true, rows: 6 });
    field.setAttribute("aria-label", named);
    Object.assign(field.dataset, { most: list().dataset.most, tooLong: list().dataset.tooLong });
    const form = make("form", { className: "stack" });
    const buttons = make("p", { className: "row" });
    const back = make("button", { type: "button", className: "button slight", textContent: cancel });
    buttons.append(make("button", { type: "submit", className: "button main slight", textContent: save }), back);
    form.append(field, buttons);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      emitEvent("folder_note", { item: note.dataset.note, text: field.value, seen: Number(note.dataset.version) });
    });
    const close = () => {
      form.replaceWith(note);
      note.focus();
    };
    back.addEventListener("click", close);
    note.replaceWith(form);
    field.focus();
    editing.set(note.dataset.note, { note, form });
  };
  const editing = new Map(); // notes whose form is open, by their item

  // A colleague was faster: their text stands above one's own, and is what Cancel leads back to.
  const noteChanged = (item, said, text, version) => {
    const { note, form } = editing.get(item) ?? {};
    if (!form?.isConnected) return;
    note.textContent = text;
    note.dataset.version = version;
    form.querySelector(".other")?.remove();
    const other = make("div", { className: "other stack" });
    other.setAttribute("role", "status");
    other.append(make("p", { className: "small strong", textContent: said }), make("div", { className: "note", dir: "auto", textContent: text }));
    form.prepend(other);
  };

  // What a colleague added is drawn at once, but never over what is being written or moved here.
  const folderChanged = () => {
    const writing = [...document.querySelectorAll("main textarea")].some((field) => field.value && field.checkVisibility());
    if (!writing && !dragged && !document.querySelector("main [data-edited], main details[open] form")) emitEvent("folder_redraw", {});
  };

  document.addEventListener("click", ({ target }) => {
    const row = target.closest("#kept > li");
    if (!row) return;
    const by = target.closest("[data-step]")?.dataset.step;
    if (by) {
      step(row, Number(by));
      target.closest("[data-step]").focus();
    }
    if (target.closest("[data-remove]")) emitEvent("folder_remove", { item: row.dataset.item });
    const note = target.closest("[data-edit]") && row.querySelector("[data-note]");
    if (note) edit(note);
  });

  Object.assign((window.liaison ??= {}), { folderChanged, noteChanged });
})();
