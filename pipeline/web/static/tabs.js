// Tabs: which one is open, and where one is in it, stand in the address's fragment, so that a reload, a bookmark and
// the way back lead there. What a tab holds is asked for when it is opened.
(() => {
  const tabs = () => [...document.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const stated = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const find = ({ tab }) => tabs().find((each) => each.dataset.tab === tab) ?? tabs()[0];

  const select = (chosen) => {
    for (const tab of tabs()) {
      tab.setAttribute("aria-selected", tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      panelOf(tab).hidden = tab !== chosen;
    }
  };

  // What the address names is shown; what is there already is not asked for again.
  const showTab = () => {
    if (!tabs().length) return;
    const { tab, ...within } = stated();
    const chosen = find({ tab });
    const panel = panelOf(chosen);
    const wasOpen = !panel.hidden;
    select(chosen);
    const shows = new URLSearchParams(within).toString();
    if ((panel.dataset.shows ?? null) === shows) return;
    panel.dataset.shows = shows;
    panel.setAttribute("aria-busy", "true");
    if (wasOpen && panel.contains(document.activeElement)) {
      panel.focus({ preventScroll: true }); // what held it goes
      chosen.scrollIntoView({ block: "nearest" });
    }
    emitEvent("tab_opened", { ...within, tab: chosen.dataset.tab });
  };
  const tabFilled = (name) => {
    document.getElementById(`panel-${name}`)?.removeAttribute("aria-busy");
  };

  window.addEventListener("hashchange", showTab);
  window.addEventListener("load", showTab);

  // Arrows go from tab to tab, and leave no step behind for the way back; a click or Enter does.
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[role=tab]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = tabs();
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all.at(to % all.length);
    history.replaceState(history.state, "", next.hash);
    showTab();
    next.focus();
  });

  // A form that narrows a tab says so in the address too.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-within]")) return;
    event.preventDefault();
    const said = [...new FormData(event.target)].filter(([, value]) => value !== "");
    location.hash = new URLSearchParams([["tab", event.target.dataset.within], ...said]).toString();
  });

  // What an address names within a tab is where one looks.
  const reveal = (id) => {
    const place = document.getElementById(id);
    place?.querySelector("[data-open]")?.focus({ preventScroll: true });
    place?.scrollIntoView({ block: "start" });
  };

  Object.assign((window.liaison ??= {}), { showTab, tabFilled, reveal });
})();
