// Keys for those who use this all day; the question in the address's fragment, which no server or proxy logs; and
// notices as they come.
(() => {
  const OFF = "liaison-keys-off";
  const ENTERED = "liaison-entered"; // a question was typed just now: a single exact answer is opened
  const SHEETS = "details.me[open], .chip > details[open]";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  const help = () => document.getElementById("help");
  const here = () =>
    document.activeElement?.closest("[data-row]") ?? document.querySelector("[data-row][aria-current]");

  // ── keys ──
  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row] [data-open]")].filter((row) => row.checkVisibility());
    if (!rows.length) return;
    const at = rows.indexOf(here()?.querySelector("[data-open]"));
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    next.focus();
    next.closest("[data-row]").scrollIntoView({ block: "nearest" });
  };

  const keys = {
    "/": () => document.getElementById("question")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    a: () => here()?.querySelector("[data-act]")?.click(),
    x: () => liaison.tick(here()),
    " ": () => liaison.togglePreview(here()),
    f: () => window.liaison.keep(),
    "?": () => help()?.showModal(),
  };
  let going = -Infinity; // when g was pressed; by the events' own times, as a busy page hears of keys late

  const pressed = (event) => {
    if (event.key === " " && !event.target.matches("a[data-open]")) return; // a button, box or the page's own scrolling
    const to = event.timeStamp - going < 1500 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    going = event.key === "g" ? event.timeStamp : -Infinity;
    if (to) return () => to.click();
    const choice = document.querySelector(`[data-press="${CSS.escape(event.key)}"]`);
    return choice ? () => choice.click() : keys[event.key];
  };

  // A form in which somebody has begun to write, and has not sent: a key beside it is a letter that missed it.
  const edited = () => [...document.querySelectorAll("main form:has([data-edited])")].find((form) => form.checkVisibility());
  document.addEventListener("input", ({ target }) => {
    if (!typing(target) || ["radio", "checkbox"].includes(target.type) || !target.closest("main form")) return;
    if (target.value) target.dataset.edited = "";
    else delete target.dataset.edited;
  });
  document.addEventListener("submit", ({ target }) => {
    for (const field of target.querySelectorAll("[data-edited]")) delete field.dataset.edited;
  });
  // What unfolds to a form is unfolded to write in it; whoever is at one of its fields before the next frame stays there.
  document.addEventListener("click", ({ target }) => {
    const fold = target.closest("main details.more > summary")?.parentElement;
    if (!fold || fold.open) return;
    const field = fold.querySelector("form :is(textarea, input:not([type]))");
    const writing = () => typing(document.activeElement) && fold.contains(document.activeElement);
    if (field) requestAnimationFrame(() => fold.open && !writing() && field.focus());
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return event.target.form?.requestSubmit();
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return escape(event);
    const free = !typing(event.target) || ["radio", "checkbox"].includes(event.target.type);
    if (event.key === "/" && event.target.id === "question" && !event.target.value) return event.preventDefault();
    if (!free || localStorage.getItem(OFF)) return;
    const form = edited();
    if (form && !form.contains(event.target)) return;
    const act = pressed(event);
    if (act) {
      event.preventDefault();
      act();
    }
  });

  const escape = (event) => {
    const open = document.querySelector(SHEETS);
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    } else if (typing(event.target)) event.target.blur();
    else document.querySelector("[data-up]")?.click();
  };

  // A field that takes no more says so, beside it and to those who hear the page.
  document.addEventListener("input", ({ target }) => {
    if (!(target.maxLength > 0) || !document.getElementById("said")) return;
    const place = target.closest(".field, form") ?? target.parentElement;
    const full = target.value.length >= target.maxLength;
    const hint = place.querySelector(":scope > .full");
    if (!full) return hint?.remove();
    if (hint) return;
    const said = document.createElement("span");
    said.className = "hint full";
    said.setAttribute("role", "status");
    place.append(said);
    const most = target.maxLength.toLocaleString(document.documentElement.lang);
    said.textContent = document.getElementById("said").dataset.full.replace("{most}", most);
  });

  // A text that is too long is kept as it is, and not sent.
  document.addEventListener("input", ({ target }) => {
    const { most, tooLong } = target.dataset;
    if (most) target.setCustomValidity(target.value.length > most ? tooLong : "");
  });

  // A file that is too large is not sent: the server would end the connection before it could say so.
  document.addEventListener("change", ({ target }) => {
    const { mostBytes, tooLong } = target.dataset;
    if (!mostBytes) return;
    target.setCustomValidity([...target.files].some((file) => file.size > mostBytes) ? tooLong : "");
    target.reportValidity();
  });

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
    for (const open of document.querySelectorAll(SHEETS)) if (!open.contains(event.target)) open.open = false;
  });

  // ── a page that is looked at again and again, as long as it is seen ──
  let looking;
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-every]")) return;
    clearInterval(looking);
    const look = () => document.hidden || emitEvent(target.dataset.tick, {});
    if (target.checked) looking = setInterval(look, 1000 * target.dataset.every);
  });

  setInterval(() => {
    const again = !document.hidden && document.querySelector("[data-again]");
    if (again) emitEvent(again.dataset.again, {});
  }, 3000);

  document.addEventListener("click", ({ target }) => {
    const review = target.closest("[data-undo-review]")?.dataset.undoReview;
    if (review) emitEvent("undo_review", review);
  });

  // ── where one is: a record or a link is reached from a list, which stays lit meanwhile ──
  const ORIGIN = "liaison-origin";
  window.addEventListener("load", () => {
    const lit = document.querySelector(".rail [aria-current]");
    if (!/^\/(cases|links|entities)\//.test(location.pathname)) {
      if (lit) sessionStorage.setItem(ORIGIN, lit.getAttribute("href"));
      return;
    }
    const from = sessionStorage.getItem(ORIGIN);
    const origin = from && document.querySelector(`.rail [href="${CSS.escape(from)}"]`);
    if (!origin || origin === lit) return;
    lit?.removeAttribute("aria-current");
    origin.setAttribute("aria-current", "true");
  });

  // Times are in UTC; beside each stands the reader's own, with its day where that is another (liaison.css).
  const tellLocal = (time) => {
    const at = new Date(time.getAttribute("datetime"));
    if (Number.isNaN(+at) || !at.getTimezoneOffset()) return "";
    const language = document.documentElement.lang;
    const hour = at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
    const day = at.getDate() === at.getUTCDate() ? "" : `${at.toLocaleDateString(language, { day: "numeric", month: "short" })} `;
    return document.getElementById("said").dataset.local.replace("{time}", day + hour);
  };
  const markLocal = () => {
    for (const time of document.querySelectorAll("time[datetime*='T']:not([data-local])")) time.dataset.local = tellLocal(time);
  };
  window.addEventListener("load", () => {
    if (!document.getElementById("said")) return;
    markLocal();
    new MutationObserver(markLocal).observe(document.body, { childList: true, subtree: true });
  });

  // ── forms that lead elsewhere ──
  const stay = (form) => {
    const back = location.pathname + location.search + location.hash;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "back", value: back }));
  };

  // Who signs out, or goes on for another purpose or case, does so in all tabs: each is loaded anew, and shows what the
  // session covers now. The mark is a hash, so that no reference stands in the browser's storage.
  const SESSION = "liaison-session";
  const markSession = () => {
    const viewer = document.getElementById("said")?.dataset.viewer ?? "";
    const shown = [...`${viewer} ${document.querySelector(".grounds")?.textContent ?? ""}`];
    return shown.reduce((hash, letter) => (Math.imul(hash, 31) + letter.codePointAt(0)) | 0, 0).toString(36);
  };
  window.addEventListener("load", () => {
    const mark = markSession();
    if (localStorage.getItem(SESSION) !== mark) localStorage.setItem(SESSION, mark);
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === SESSION && newValue && newValue !== mark) location.reload();
    });
  });

  // Who signs in again comes back to the same search: its question stays in the addresses of this tab, and goes nowhere.
  const BACK = "liaison-back";
  const leave = () => {
    location.href = `/sign-in?after=${encodeURIComponent(location.pathname)}&wrong=ended${location.hash}`;
  };
  const ARRIVED = "liaison-arrived"; // somebody has just signed in: the next thing to do is to search
  if (location.pathname === "/sign-in") {
    if (location.hash) sessionStorage.setItem(BACK, location.hash);
    document.addEventListener("submit", () => sessionStorage.setItem(ARRIVED, "1"));
  } else {
    const arrived = sessionStorage.getItem(ARRIVED);
    sessionStorage.removeItem(ARRIVED);
    if (arrived && ["/", "/search"].includes(location.pathname))
      window.addEventListener("load", () => document.activeElement === document.body && document.getElementById("question")?.focus());
    const hash = sessionStorage.getItem(BACK);
    sessionStorage.removeItem(BACK);
    if (hash && location.pathname === "/search" && !location.hash) history.replaceState(history.state, "", hash);
  }
  const depart = (form) => {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "after", value: location.pathname }));
    form.action += location.hash;
  };

  // A form with a file stays where it is, with all that was chosen, until the server has taken it: what is wrong is said
  // in it (components/form.py).
  const send = async (form, button) => {
    const said = form.querySelector("[data-refused]");
    const refuse = (why) => {
      said.textContent = why;
      said.hidden = false;
      said.scrollIntoView({ block: "nearest" });
    };
    said.hidden = true;
    form.ariaBusy = "true";
    try {
      const sent = { method: "POST", body: new FormData(form, button), headers: { Accept: "application/json" } };
      const answer = await fetch(form.action, sent);
      if (answer.headers.get("Content-Type")?.includes("json")) {
        const { goes, detail } = await answer.json();
        if (goes) location.href = goes;
        else refuse(detail);
      } else if (answer.redirected) location.href = answer.url; // to where one signs in
      else refuse(form.dataset.lost);
    } catch {
      refuse(form.dataset.lost);
    } finally {
      form.ariaBusy = null;
    }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-lost]")) return;
    event.preventDefault();
    if (!form.ariaBusy) send(form, event.submitter);
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-leave]")) depart(event.target);
    if (event.target.matches("form[data-back]")) stay(event.target);
    if (!event.target.matches("form[data-ask]")) return;
    event.preventDefault();
    const said = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
    const { place, ...others } = said; // a place is a part of the question
    if (place) others.q = [others.q, `city:"${place.replaceAll('"', "")}"`].filter(Boolean).join(" ");
    const stated = Object.entries(others);
    for (const menu of document.querySelectorAll("[data-filters]")) menu.open = false;
    if (!stated.length) return;
    sessionStorage.setItem(ENTERED, "1");
    const fragment = new URLSearchParams(stated).toString();
    if (location.pathname !== "/search") location.href = "/search#" + fragment;
    else if (location.hash.slice(1) === fragment) askAgain();
    else location.hash = fragment;
  });

  // ── the question ──
  const question = () => {
    const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    if (!Object.keys(asked).length) return { past: window.liaison.pastSearches?.() ?? "" }; // somebody may be typing
    for (const field of document.getElementById("asking")?.elements ?? [])
      if (field.type === "checkbox") field.checked = field.name in asked;
      else if (field.name) field.value = field.closest("[data-day]") ? liaison.showDay(asked[field.name] ?? "") : (asked[field.name] ?? "");
    const entered = sessionStorage.getItem(ENTERED);
    sessionStorage.removeItem(ENTERED);
    return entered ? { ...asked, enter: "1" } : asked;
  };
  // The page asks first when the server has drawn it. What is typed before that is what it asks then, once: a second
  // answer would take away what somebody has begun to fill in below the first.
  let asked;
  const ask = () => {
    asked = location.hash;
    const found = document.getElementById("found");
    found.ariaBusy = "true"; // until the server has heard the question, nothing stands under it that answers another
    new MutationObserver((_, seen) => {
      found.ariaBusy = null;
      seen.disconnect();
    }).observe(found, { childList: true });
    emitEvent("ask", question());
  };
  const askAgain = () => asked !== undefined && ask();
  window.addEventListener("hashchange", () => {
    if (location.pathname !== "/search") return;
    if (!location.hash.slice(1)) document.getElementById("asking")?.reset(); // its last part was removed
    if (asked !== location.hash) askAgain();
  });

  // A part of the question goes back to where it was typed, selected: what is typed now takes its place.
  document.addEventListener("click", (event) => {
    const words = event.target.closest("[data-retyped]")?.dataset.retyped;
    const field = words && document.getElementById("question");
    if (!field) return;
    event.target.closest("details").open = false;
    const at = field.value.indexOf(words);
    field.focus();
    field.setSelectionRange(Math.max(at, 0), at < 0 ? field.value.length : at + words.length);
  });

  const say = (message, bad, beside) => {
    const place = document.getElementById("said");
    const said = Object.assign(document.createElement("p"), { textContent: message, className: bad ? "bad" : "" });
    place.replaceChildren(...(beside ? place.children : []), said);
    if (!bad) return setTimeout(() => said.remove(), 6000);
    const close = Object.assign(document.createElement("button"), { type: "button", className: "plain-button", textContent: "×" });
    close.setAttribute("aria-label", place.dataset.close);
    close.addEventListener("click", () => said.remove());
    said.append(close);
  };

  // ── alerts: what came since this reader opened an alert's search ──
  const looked = (mark) => `liaison-alert:${mark.dataset.whose}:${mark.dataset.alert}`;
  const markNew = () => {
    for (const mark of document.querySelectorAll("[data-alert]:not(.shown)"))
      if ((localStorage.getItem(looked(mark)) ?? "") < mark.dataset.latest) mark.classList.add("shown");
  };
  if (location.pathname === "/subscriptions") new MutationObserver(markNew).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("click", ({ target }) => {
    const alert = target.closest("[data-looked]")?.dataset.looked;
    const mark = alert && document.querySelector(`[data-alert="${CSS.escape(alert)}"]`);
    if (mark) localStorage.setItem(looked(mark), mark.dataset.latest);
  });

  // ── a button that goes with what it acted on: the focus falls to the next of its like, else to where one goes on ──
  let leaving;
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest("[data-goes]");
    if (!pressed) return;
    const group = pressed.closest("[data-group]")?.dataset.group;
    const place = () => document.querySelector(`[data-group="${CSS.escape(group ?? "")}"]`) ?? document;
    const alike = () =>
      [...place().querySelectorAll(`[data-goes="${pressed.dataset.goes}"]`)].filter((one) => one.checkVisibility());
    const at = alike().indexOf(pressed);
    leaving?.disconnect();
    leaving = new MutationObserver(() => {
      if (pressed.isConnected) return;
      leaving.disconnect();
      if (document.activeElement !== document.body) return; // it is somewhere else already
      if (place() !== document) place().open = true; // it was, before it was drawn anew
      (alike().slice(0, at + 1).pop() ?? document.getElementById(pressed.dataset.else))?.focus();
    });
    leaving.observe(document.body, { childList: true, subtree: true });
  });

  // ── pages that are drawn anew as time goes on: one stays where one was, and what was opened stays open ──
  const follow = () => {
    const alike = ({ href, tick }) =>
      [...document.querySelectorAll(`main ${tick ? "[data-tick]" : `a[href="${CSS.escape(href)}"]`}`)].reverse(); // new ones come first
    const folds = new Map();
    let at; // the link or choice that has the focus, and how many of its like follow it
    document.addEventListener("focusin", ({ target }) => {
      const like = { href: target.getAttribute("href"), tick: target.dataset.tick };
      at = target.closest("main") && (like.href || like.tick) ? { target, like, behind: alike(like).indexOf(target) } : undefined;
    });
    document.addEventListener("toggle", ({ target }) => {
      if (target.dataset.fold && target.isConnected) folds.set(target.dataset.fold, target.open);
    }, true);
    new MutationObserver(() => {
      for (const fold of document.querySelectorAll("main details[data-fold]:not([data-seen])")) {
        fold.dataset.seen = "";
        fold.open = folds.get(fold.dataset.fold) ?? fold.open;
      }
      if (!at || at.target.isConnected || document.activeElement !== document.body) return;
      const next = alike(at.like)[at.behind];
      next?.focus({ preventScroll: true }); // none: it is still to come, or gone
    }).observe(document.body, { childList: true, subtree: true });
  };
  if (["/notices", "/operations"].includes(location.pathname)) follow();

  // ── notices: one tab of this browser listens, the others see what it notes ──
  const [FIRST_WAIT_S, LAST_WAIT_S] = [15, 300]; // after a refusal, and up to twice as long, lest many come at once
  let listed = false; // the page of notices is drawn
  let missed = false; // one came before that, maybe after the page was read
  let hears = false; // each that comes from now on
  let behind = true; // one may have come after the page was read and before that
  const catchUp = () => {
    if (!listed || !hears || !behind) return;
    behind = false;
    emitEvent("listening", {});
  };
  const noticesListed = () => {
    listed = true;
    if (missed) emitEvent("told", {});
    missed = false;
    catchUp();
  };
  // Pages that say how many are unread, drawn before or after this is known.
  const countUnread = () => {
    const count = document.querySelector("[data-live]")?.textContent || "0";
    for (const place of document.querySelectorAll("[data-unread]")) {
      place.textContent = new Intl.NumberFormat(document.documentElement.lang).format(count);
      place.closest("[data-unless-none]")?.toggleAttribute("hidden", count === "0");
    }
  };
  const listen = () => {
    const place = document.querySelector("[data-live]");
    if (!place) return;
    const [last, count] = ["last", "new"].map((what) => `liaison-notices-${what}:${place.dataset.whose}`);
    const reading = location.pathname === "/notices";
    const show = () => {
      place.textContent = localStorage.getItem(count) ?? "";
      countUnread();
    };
    const told = () => {
      if (reading) {
        localStorage.removeItem(count);
        if (listed) emitEvent("told", {});
        else missed = true;
      } else say(place.dataset.new, false, true); // beside what has just become of an action
      show();
    };
    if (reading) localStorage.removeItem(count);
    show();
    const begin = () => {
      hears = true;
      if (reading) catchUp();
    };
    if (localStorage.getItem(last)) begin(); // each behind that one is told, here or by the tab that listens
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === last) begin();
      else if (key === count) newValue ? told() : show();
    });
    const hear = (wait_s) => {
      const source = new EventSource(`${place.dataset.live}?after=${encodeURIComponent(localStorage.getItem(last) ?? "")}`);
      source.addEventListener("begun", (event) => {
        wait_s = FIRST_WAIT_S;
        localStorage.setItem(last, event.lastEventId);
        begin();
      });
      source.addEventListener("notice", (event) => {
        localStorage.setItem(last, event.lastEventId);
        localStorage.setItem(count, Number(localStorage.getItem(count)) + 1);
        told();
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return; // the browser asks again by itself, but not after a refusal
        setTimeout(hear, 1000 * wait_s * (1 + Math.random()), Math.min(2 * wait_s, LAST_WAIT_S));
      });
    };
    navigator.locks?.request("liaison-notices", () => new Promise(() => hear(FIRST_WAIT_S)));
  };
  window.addEventListener("load", listen);

  // ── what is wider than the screen begins at what matters: the current page ──
  window.addEventListener("load", () => {
    const current = document.querySelector(".rail [aria-current]");
    if (current) current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.offsetLeft - 48;
  });

  // ── paper: when it was printed, in UTC; what is folded into a table, or beside a chart, is printed too ──
  const clock = () => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  let unfolded = [];
  // What of the page is still loading, or could not be loaded: by the panel, the tab or the page that it is.
  const missing = () => {
    const parts = [...document.querySelectorAll("main [data-state=trouble], main [aria-busy=true]")].filter((part) => part.checkVisibility());
    const title = (part) => {
      const tab = document.getElementById(part.closest("[role=tabpanel]")?.getAttribute("aria-labelledby"));
      return part.closest(".panel[aria-label]")?.getAttribute("aria-label") ?? (tab ?? document.querySelector("main h1"))?.textContent ?? document.title;
    };
    return [...new Set(parts.map(title))].join(", ");
  };
  window.addEventListener("beforeprint", () => {
    const lacking = missing();
    for (const each of document.querySelectorAll("[data-printed] [data-missing]")) {
      each.hidden = !lacking;
      if (each.matches("dd")) each.textContent = lacking;
    }
    for (const time of document.querySelectorAll("[data-printed] [data-time]")) time.textContent = clock().format(new Date());
    unfolded = [...document.querySelectorAll("main details:not([open]):not(:has(input, select, textarea, [data-evidence]))")];
    for (const fold of unfolded) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of unfolded) fold.open = false;
  });

  const open = (path) => location.replace(path); // the way back leads to what was before the question
  Object.assign((window.liaison ??= {}), { ask, countUnread, leave, noticesListed, open, say });
})();
