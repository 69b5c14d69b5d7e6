// The inbox by keys: j and k go, 1 to 4 review and go on, x selects, u undoes, a assigns, r takes a reason. A decision on
// one row counts once its evidence is drawn: a key that comes before that is told, not kept for later.
// A row says itself what its link needs; the server decides, and says what became of each. What narrows the list stands
// in the address's fragment, so that a reload and the way back lead there, and no log of a server knows it.
(() => {
  const desk = () => document.getElementById("triage");
  const all = (what) => [...(desk()?.querySelectorAll(what) ?? [])];
  const one = (what) => desk()?.querySelector(what);
  const row = (link) => one(`[data-row][data-link="${CSS.escape(link)}"]`);
  const words = () => JSON.parse(desk().dataset.words);
  const left = () => all("[data-row]:not(.reviewed)");
  const MOST_LINKS = 100; // of one message, as the API takes them
  const PATIENCE_MS = 30000; // then a decision counts as not saved; whether it was, the server says at the next try

  let current = null; // the row whose evidence is shown
  let opening; // its evidence is asked for a moment after one has come to it, so that j j j asks once
  let pending = null; // what waits for a reason: verdict and rows
  const acts = []; // what can be undone, the last at the end

  const go = (to) => {
    const target = to?.matches?.("[data-row]") ? to.querySelector("[data-open]") : to;
    target?.focus({ preventScroll: true });
    target?.closest("[data-row]")?.scrollIntoView({ block: "nearest" });
  };

  const choose = (chosen, soon) => {
    if (chosen === current) return;
    current?.removeAttribute("aria-current");
    current = chosen;
    current.setAttribute("aria-current", "true");
    clearTimeout(opening);
    opening = setTimeout(show, soon);
  };
  const show = () => {
    const pane = one("#evidence");
    if (!pane) return; // the list has just given way to none
    if (pane.contains(document.activeElement)) pane.focus(); // what held it goes
    emitEvent("triage_open", { link: current.dataset.link });
  };

  const count = () => {
    if (!desk()) return;
    const [done, whole] = [all(".reviewed").length, all("[data-row]").length];
    const told = one("[data-more]").checkVisibility() ? words().progressBegun : words().progress;
    one("[data-progress]").textContent = told.replace("{done}", done).replace("{all}", whole);
    one("[data-picked]").textContent = all("[data-row] :checked").length || "";
  };

  // ── reviewing ──
  const picked = () => {
    const chosen = all("[data-row] :checked").map((box) => box.closest("[data-row]"));
    // Not the current row of a list that has just given way to another: nobody sees it any more.
    return (chosen.length ? chosen : [current]).filter((each) => each?.isConnected && !("busy" in each.dataset));
  };
  // Several rows are reviewed by what the list says of them; one by its evidence, which its mark shows to be drawn.
  const isDrawn = (each) => one("#evidence [data-shown]")?.dataset.shown === each.dataset.link;
  const mayReview = (rows) => {
    if (rows.length !== 1 || isDrawn(rows[0])) return rows.length > 0;
    choose(rows[0], 0);
    liaison.say(words().unseen);
    return false;
  };
  const takesReason = (each, verdict) => each.dataset.reasonFor.split(" ").includes(verdict);

  const decide = (verdict) => {
    const rows = picked();
    if (!mayReview(rows)) return;
    if (rows.some((each) => takesReason(each, verdict))) ask(verdict, rows);
    else send(verdict, rows, "");
  };

  const ask = (verdict, rows) => {
    pending = { verdict, rows };
    const form = one("[data-reason]");
    form.hidden = false;
    form.querySelector("select").value = verdict;
    form.querySelector("textarea").focus();
  };
  const close = () => {
    pending = null;
    one("[data-reason]").hidden = true;
    go(current);
  };

  const send = (verdict, rows, reason) => {
    if (rows.length > MOST_LINKS) {
      send(verdict, rows.slice(0, MOST_LINKS), reason);
      return send(verdict, rows.slice(MOST_LINKS), reason);
    }
    const act = { rows: rows.length, reviews: [], reason };
    acts.push(act);
    const links = rows.map((each) => ({ link: each.dataset.link, seen: each.dataset.seen || null }));
    for (const each of rows) {
      each.dataset.busy = "";
      each.classList.add("reviewed");
      each.classList.remove("failed");
      each.querySelector("input").checked = false;
      each.querySelector(".done").textContent = words()[verdict];
    }
    const last = rows.at(-1);
    const follows = (each) => last.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
    const next = left().find(follows) ?? left()[0] ?? one("[data-more]") ?? last;
    if (next.matches("[data-row]")) choose(next, 0);
    go(next);
    count();
    waiting.push({ links, verdict, reason, act: acts.length - 1 });
    flush();
  };

  // One message is under way at a time: what is reviewed meanwhile goes with the next, so that fast keys meet no limit.
  const waiting = [];
  let under = null; // what is under way, and when it is given up
  const flush = () => {
    if (under || !waiting.length) return;
    let room = MOST_LINKS;
    const fitting = waiting.findIndex(({ links }) => (room -= links.length) < 0);
    const sent = waiting.splice(0, fitting < 0 ? waiting.length : fitting);
    under = setTimeout(() => {
      const lost = ({ act, links }) => [act, links.map(({ link, seen }) => ({ link, seen, problem: words().lost }))];
      settle(sent.map(lost));
    }, PATIENCE_MS);
    emitEvent("triage_review", { acts: sent });
  };
  const settle = (settled) => {
    clearTimeout(under);
    under = null;
    for (const [act, outcomes] of settled) settleAct(act, outcomes);
    flush();
  };
  window.addEventListener("beforeunload", (event) => (under || waiting.length) && event.preventDefault());

  // What became of each: the review that holds now, the verdicts that take a reason, what went wrong.
  const settleAct = (number, outcomes) => {
    const act = acts[number];
    let failed = false;
    for (const { link, review, seen, reasonFor, problem } of outcomes) {
      if (review) act.reviews.push([link, review]);
      if (problem) {
        failed = true;
        liaison.say(problem, true, true);
      }
      const at = row(link);
      if (!at) continue;
      delete at.dataset.busy;
      at.dataset.seen = seen ?? "";
      if (reasonFor) at.dataset.reasonFor = reasonFor.join(" ");
      if (!review) at.classList.remove("reviewed");
      if (problem) {
        at.classList.add("failed");
        at.querySelector(".done").textContent = problem;
        if (at === current) show(); // with what a colleague decided
      }
    }
    act.settled = true;
    if (act.reason) liaison.settleDrafts(!failed);
    if (failed && act.reason && desk()) {
      one("[data-reason] textarea").value = act.reason; // kept until it is saved
    }
    count();
  };

  const undo = () => {
    const act = acts.findLast((each) => !each.undone);
    if (!act) return takeBack(current);
    if (!act.settled) return liaison.say(words().saving);
    act.undone = true;
    if (act.reviews.length) emitEvent("triage_undo", { reviews: act.reviews });
    else undo();
  };
  // A decision that the list itself shows: of an earlier day, or of another page.
  const takeBack = (each) => {
    const held = each?.querySelector("[data-undo]");
    if (held) emitEvent("triage_undo", { reviews: [[each.dataset.link, held.dataset.undo]] });
  };
  const undone = (outcomes) => {
    for (const { link, seen, reasonFor, problem } of outcomes) {
      const at = row(link);
      if (!at) continue;
      if (problem) {
        liaison.say(problem, true, true);
        continue;
      }
      at.classList.remove("reviewed");
      at.dataset.seen = seen ?? "";
      at.dataset.reasonFor = reasonFor.join(" ");
      at.querySelector(".done").textContent = at.querySelector("[data-decision]") ? words().undone : "";
      at.querySelector("[data-decision]")?.remove();
    }
    go(row(outcomes[0].link));
    count();
  };

  // What a colleague decided on a row, or took back, while the list was open; a row under way hears of it by itself.
  const reviewsChanged = (told) => {
    for (const { link, seen, reasonFor, said, time } of told) {
      const at = row(link);
      if (!at || "busy" in at.dataset) continue;
      at.dataset.seen = seen ?? "";
      at.dataset.reasonFor = reasonFor.join(" ");
      at.classList.toggle("reviewed", Boolean(seen));
      const tells = time ? Object.assign(document.createElement("time"), { dateTime: time, textContent: said }) : said;
      at.querySelector(".done").replaceChildren(tells);
      at.querySelector("[data-decision]")?.remove();
      if (at === current) show();
    }
    count();
  };

  // ── selecting, assigning, more ──
  const select = () => {
    const box = current?.querySelector("input");
    if (!box) return;
    if (box.disabled) return liaison.say(words().alone);
    box.checked = !box.checked;
    count();
  };
  const assign = (assignee) => {
    const links = picked().map((each) => each.dataset.link);
    for (let at = 0; at < links.length; at += MOST_LINKS)
      emitEvent("triage_assign", { links: links.slice(at, at + MOST_LINKS), assignee });
  };
  const assigned = (links, login, name) => {
    for (const link of links) {
      const place = row(link)?.querySelector(".assignee");
      if (!place) continue;
      place.textContent = name;
      place.dataset.login = login;
    }
  };
  const take = () => {
    const mine = current?.querySelector(".assignee").dataset.login === desk().dataset.me;
    assign(mine ? "" : desk().dataset.me);
  };
  // An answer that has not come within PATIENCE_MS is not waited for any more.
  const soon = (ready, then, begun = performance.now()) => {
    if (ready()) then();
    else if (performance.now() - begun < PATIENCE_MS) requestAnimationFrame(() => soon(ready, then, begun));
  };
  const more = () => {
    const before = new Set(all("[data-row]"));
    if (document.activeElement === document.body || document.activeElement.matches("[data-more]")) go(one("#evidence"));
    emitEvent("triage_more", {});
    const added = () => all("[data-row]").find((each) => !before.has(each));
    soon(() => !desk() || added(), () => desk() && (go(added()), count()));
  };

  const tools = { select, undo, more, take, reason: () => current && ask("same", picked()), close };

  document.addEventListener("click", (event) => {
    if (!desk()?.contains(event.target)) return;
    const at = event.target.closest("[data-verdict], [data-tool], [data-undo], [data-open]");
    if (!at) return;
    if (at.dataset.verdict) decide(at.dataset.verdict);
    else if (at.dataset.tool) tools[at.dataset.tool]();
    else if (at.dataset.undo) takeBack(at.closest("[data-row]"));
    else if (!(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      choose(at.closest("[data-row]"), 0);
    }
  });
  document.addEventListener("change", ({ target }) => target.closest("#triage [data-row]") && count());
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches?.("#triage [data-open]")) choose(target.closest("[data-row]"), 150);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!desk()?.contains(form)) return;
    if (form.matches("[data-reason]")) {
      event.preventDefault();
      const reason = form.querySelector("textarea");
      const said = reason.value.trim();
      const { rows } = pending;
      if (!mayReview(rows)) return;
      const verdict = form.querySelector("select").value;
      reason.value = "";
      close();
      send(verdict, rows, said);
    } else if (form.matches("[data-assign]")) {
      event.preventDefault();
      assign(form.elements.assignee.value.trim());
      go(current);
    }
  });
  // Leaving a field leads back to the row, never to the page's body.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !current || !event.target.matches("input, textarea, select")) return;
    event.stopImmediatePropagation();
    close();
  }, true);

  // On a phone the evidence stands on the buttons, whose height is what their words need.
  const measured = new ResizeObserver(([{ target }]) => desk()?.style.setProperty("--tools", `${target.offsetHeight}px`));

  // ── narrowing ──
  const filters = () => document.querySelector("form[data-narrow]");
  const summary = () => filters().closest("details").querySelector("summary");
  const stated = () => location.hash.slice(1);
  let listed = ""; // what the list was narrowed to when it was last asked for

  const fillFilters = () => {
    const asked = new URLSearchParams(stated());
    for (const field of filters().querySelectorAll("[name]")) {
      field.value = asked.get(field.name) ?? "";
      if (field.selectedIndex < 0) field.selectedIndex = 0; // no such choice
    }
    if (stated()) filters().closest("details").open = true;
  };
  const narrow = () => {
    if (!filters()) return;
    fillFilters();
    if (stated() === listed) {
      filters().removeAttribute("aria-busy");
      return begin(document.activeElement === document.body);
    }
    listed = stated();
    if (desk()?.contains(document.activeElement)) summary().focus({ preventScroll: true }); // what held it goes
    filters().setAttribute("aria-busy", "true");
    emitEvent("triage_narrow", Object.fromEntries(new URLSearchParams(listed)));
  };
  const narrowed = () => {
    filters().removeAttribute("aria-busy");
    clearTimeout(opening);
    current = pending = null;
    begin(true);
  };
  window.addEventListener("hashchange", narrow);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-narrow]")) return;
    event.preventDefault();
    const said = [...new FormData(event.target)].map(([name, value]) => [name, value.trim()]);
    const fragment = new URLSearchParams(said.filter(([, value]) => value)).toString();
    if (stated() !== fragment) return (location.hash = fragment);
    listed = null; // asked for again: read anew
    narrow();
  });

  // The first row has the focus; where there is none, what narrows the list.
  const begin = (moves) => {
    count();
    measured.disconnect();
    if (desk()) measured.observe(one(".tools"));
    if (moves) go(left()[0] ?? summary());
  };

  Object.assign((window.liaison ??= {}), { settle, undone, reviewsChanged, assigned, narrow, narrowed });
})();
