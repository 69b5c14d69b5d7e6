// "Add to folder": f on a row, on ticked rows, or on the page, asks which folder; that which was used last is chosen
// already, so that Enter adds to it. What a row or page is called in a folder it says itself (data-keep).
(() => {
  const MOST = 500; // at once, as the server takes them
  const last = () => `liaison-folder:${document.getElementById("said")?.dataset.viewer}`;
  const make = (tag, what, ...inside) => {
    const element = Object.assign(document.createElement(tag), what);
    element.append(...inside);
    return element;
  };

  const ofPage = () => [...document.querySelectorAll("[data-keep]")].find((one) => !one.closest("[data-row]"));
  const meant = (from) =>
    from?.closest("[data-keep]") ?? document.querySelector("[data-row][aria-current][data-keep]") ?? ofPage();

  let items = [];
  const ask = (wanted) => {
    items = [...new Set(wanted)].slice(0, MOST);
    if (items.length) emitEvent("keep_ask", {});
  };
  const picked = () => [...document.querySelectorAll("[data-row][data-keep]:has([data-pick]:checked)")];
  const keep = (from) => {
    const places = from ? [meant(from)] : picked();
    const wanted = places.length ? places : [meant(document.activeElement)];
    ask(wanted.filter(Boolean).map((place) => place.dataset.keep));
  };

  const folderChoice = (folder, chosen) => {
    const about = make("small", { className: "quiet", textContent: folder.about });
    const radio = make("input", { type: "radio", name: "folder", value: folder.id, checked: chosen });
    return make("label", { className: "choice" }, radio, make("bdi", { textContent: folder.title }), about);
  };

  const chooseFolder = ({ folders, heading, created, add, cancel }) => {
    document.getElementById("keep")?.remove();
    const used = localStorage.getItem(last());
    folders.sort((a, b) => (b.id === used) - (a.id === used));
    const title = make("input", { id: "keep-title", name: "title", maxLength: 200, dir: "auto", autocomplete: "off" });
    const form = make("form", { className: "stack", method: "dialog" },
      make("h2", { id: "keep-heading", textContent: heading }),
      make("div", { className: "choices folders" }, ...folders.map((folder, at) => folderChoice(folder, at === 0))),
      make("p", { className: "field" }, make("label", { htmlFor: "keep-title", textContent: created }), title),
      make("p", { className: "row" },
        make("button", { className: "button main slight", type: "submit", textContent: add }),
        make("button", { className: "button slight", type: "button", textContent: cancel, onclick: () => dialog.close() })));
    const dialog = make("dialog", { id: "keep" }, form);
    dialog.setAttribute("aria-labelledby", "keep-heading");
    dialog.addEventListener("close", () => dialog.remove());
    title.required = !folders.length;
    title.addEventListener("input", () => {
      for (const radio of form.querySelectorAll("[type=radio]")) radio.checked = !title.value && radio.value === folders[0].id;
    });
    form.addEventListener("change", ({ target }) => target.type === "radio" && (title.value = ""));
    form.addEventListener("submit", () => {
      const chosen = title.value.trim() ? { title: title.value } : { folder: new FormData(form).get("folder") ?? "" };
      emitEvent("keep_add", { ...chosen, items });
    });
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector(":checked") ?? title).focus();
  };
  const kept = (folder) => localStorage.setItem(last(), folder);

  document.addEventListener("keep", ({ detail }) => ask(detail));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-keep-button]");
    if (button) keep(button);
  });
  Object.assign((window.liaison ??= {}), { keep, chooseFolder, kept });
})();
