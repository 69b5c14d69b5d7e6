// Past searches: sealed by the server for one viewer, held by this browser alone; it can't read them.
(() => {
  const MOST_CHARACTERS = 160000; // of all of them: what the page takes in one message (past_searches.py)
  const place = () => `liaison-searches:${document.querySelector("[data-live]")?.dataset.whose ?? ""}`;
  const held = () => {
    try {
      return JSON.parse(localStorage.getItem(place())) ?? [];
    } catch {
      return [];
    }
  };
  const hold = (searches) => {
    try {
      if (searches.length) localStorage.setItem(place(), JSON.stringify(searches));
      else localStorage.removeItem(place());
    } catch {
      // this browser keeps nothing, or has no room: then there are none
    }
  };
  // Each is [id, sealed text], the latest first; those that fit.
  const fitting = (searches) => {
    let left = MOST_CHARACTERS;
    return searches.filter(([, sealed]) => (left -= sealed.length + 3) >= 0); // quotes and a comma
  };
  const rememberSearch = (id, sealed, most) =>
    hold(fitting([[id, sealed], ...held().filter(([other]) => other !== id)].slice(0, most)));
  const forgetSearches = (gone) => hold(held().filter(([, sealed]) => !gone.includes(sealed)));
  const pastSearches = () => JSON.stringify(fitting(held()).map(([, sealed]) => sealed));
  const begin = () => emitEvent("home", { past: pastSearches() });
  Object.assign((window.liaison ??= {}), { begin, rememberSearch, forgetSearches, pastSearches });
})();
