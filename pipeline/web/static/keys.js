// Keys for those who use this all day, and the question in the address's fragment, which no server or proxy logs.
(() => {
  const OFF = "liaison-keys-off";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  const help = () => document.getElementById("help");

  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row] [data-open]")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement?.closest("[data-row]")?.querySelector("[data-open]"));
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    next.focus();
    next.closest("[data-row]").scrollIntoView({ block: "nearest" });
  };

  const keys = {
    "/": () => document.getElementById("question")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    "?": () => help()?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help()?.open) return;
    if (event.key === "Escape") return escape(event);
    if (typing(event.target) || localStorage.getItem(OFF)) return;
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  const escape = (event) => {
    const open = document.querySelector("details.me[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    } else if (typing(event.target)) event.target.blur();
    else document.querySelector("[data-up]")?.click();
  };

  document.addEventListener("change", (event) => {
    if (event.target.id !== "keys-on") return;
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) {
      document.getElementById("keys-on").checked = !localStorage.getItem(OFF);
      help().showModal();
    }
    for (const open of document.querySelectorAll("details.me[open]")) if (!open.contains(event.target)) open.open = false;
  });

  document.addEventListener("submit", (event) => {
    const back = event.target.matches("form[data-back]");
    if (back) event.target.append(Object.assign(document.createElement("input"), { type: "hidden", name: "back", value: location.pathname + location.search + location.hash }));
    if (!event.target.matches("form[data-ask]")) return;
    event.preventDefault();
    const stated = [...new FormData(event.target)].filter(([, value]) => value !== "");
    if (!stated.some(([name]) => name === "q")) return;
    const fragment = new URLSearchParams(stated).toString();
    if (location.pathname !== "/search") location.href = "/search#" + fragment;
    else if (location.hash.slice(1) === fragment) emitEvent("ask", question());
    else location.hash = fragment;
  });

  const question = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  window.addEventListener("hashchange", () => location.pathname === "/search" && emitEvent("ask", question()));

  const say = (message, bad) => {
    const place = document.getElementById("said");
    const said = Object.assign(document.createElement("p"), { textContent: message, className: bad ? "bad" : "" });
    place.replaceChildren(said);
    if (!bad) setTimeout(() => said.remove(), 6000);
  };

  window.liaison = { question, say };
})();
