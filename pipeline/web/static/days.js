// Fields that ask a day (components/form.py): they show and take 31.12.2026, take 2026-12-31 and 31/12/2026 as well, and
// send 2026-12-31. Their calendar is worked by keys as by a pointer: arrows, Home and End, page up and down.
(() => {
  const DAY_MS = 86_400_000;
  const write = (format, day) => new Intl.DateTimeFormat(document.documentElement.lang, { ...format, timeZone: "UTC" }).format(day);
  const iso = (day) => day.toISOString().slice(0, 10);

  // What is written, as a day in UTC; null where it is none.
  const read = (text) => {
    const [, year, month, day] = text.trim().match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/) ?? [];
    const [, last, middle, first] = text.trim().match(/^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/) ?? [];
    const made = new Date(Date.UTC(year ?? first, (month ?? middle) - 1, day ?? last));
    return made.getUTCDate() === Number(day ?? last) && made.getUTCFullYear() > 999 ? made : null;
  };
  const show = (stated) => {
    const day = read(stated);
    return day ? iso(day).split("-").reverse().join(".") : stated;
  };

  const check = (field) => {
    const wrong = field.value.trim() !== "" && !read(field.value);
    field.setCustomValidity(wrong ? field.closest("[data-day]").dataset.wrong : "");
    return wrong;
  };
  const field = (target) => target.closest?.("[data-day]") && target.matches("input") && target;
  document.addEventListener("input", ({ target }) => {
    if (!field(target)) return;
    check(target);
    target.ariaInvalid = null;
  });
  document.addEventListener("change", ({ target }) => {
    if (!field(target)) return;
    target.value = show(target.value);
    target.ariaInvalid = check(target) ? "true" : null;
  });
  // What keeps a form from being sent is seen, also where it is folded away.
  document.addEventListener("invalid", ({ target }) => {
    const fold = field(target)?.closest("details:not([open])");
    if (fold) fold.open = true;
  }, true);
  document.addEventListener("formdata", ({ target, formData }) => {
    for (const one of target.elements) {
      if (!field(one) || !formData.has(one.name)) continue;
      const day = read(one.value);
      formData.set(one.name, day ? iso(day) : "");
    }
  });

  // ── the calendar ──
  const make = (tag, attributes, ...inside) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  };
  const addMonths = (day, count) => {
    const first = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + count, 1));
    const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
    return new Date(+first + (Math.min(day.getUTCDate(), last) - 1) * DAY_MS);
  };
  const weekday = (day) => (day.getUTCDay() + 6) % 7; // from Monday
  const MOVES = {
    ArrowLeft: (day) => new Date(+day - DAY_MS),
    ArrowRight: (day) => new Date(+day + DAY_MS),
    ArrowUp: (day) => new Date(+day - 7 * DAY_MS),
    ArrowDown: (day) => new Date(+day + 7 * DAY_MS),
    Home: (day) => new Date(+day - weekday(day) * DAY_MS),
    End: (day) => new Date(+day + (6 - weekday(day)) * DAY_MS),
    PageUp: (day, far) => addMonths(day, far ? -12 : -1),
    PageDown: (day, far) => addMonths(day, far ? 12 : 1),
  };

  const openCalendar = (button) => {
    const place = button.closest("[data-day]");
    const input = place.querySelector("input");
    const today = read(iso(new Date()));
    const chosen = input.value.trim() ? read(input.value) : null;
    const dialog = make("dialog", { class: "calendar", "aria-label": button.getAttribute("aria-label") });
    const title = make("b", { "aria-live": "polite" });
    const table = make("table", {});
    let at = chosen ?? today;

    const choose = (day) => {
      input.value = show(iso(day));
      dialog.close();
      for (const event of ["input", "change"]) input.dispatchEvent(new Event(event, { bubbles: true }));
    };
    const turn = (sign, by, word) => {
      const made = make("button", { type: "button", class: "turn", "aria-label": word }, sign);
      made.addEventListener("click", () => {
        at = addMonths(at, by);
        draw();
      });
      return made;
    };
    const drawDay = (day) => {
      const attributes = { type: "button", tabindex: +day === +at ? 0 : -1, "data-at": iso(day), "aria-label": write({ dateStyle: "full" }, day) };
      if (+day === +today) attributes["aria-current"] = "date";
      if (+day === +chosen) attributes["aria-pressed"] = "true";
      const made = make("button", attributes, String(day.getUTCDate()));
      made.addEventListener("click", () => choose(day));
      return make("td", day.getUTCMonth() === at.getUTCMonth() ? {} : { class: "beyond" }, made);
    };
    const draw = () => {
      const month = write({ month: "long", year: "numeric" }, at);
      const monthBegin = new Date(+at - (at.getUTCDate() - 1) * DAY_MS);
      const first = new Date(+monthBegin - weekday(monthBegin) * DAY_MS);
      const days = [...Array(42).keys()].map((count) => new Date(+first + count * DAY_MS));
      const heads = days.slice(0, 7).map((day) =>
        make("th", { scope: "col", abbr: write({ weekday: "long" }, day) }, write({ weekday: "short" }, day).replace(".", "")));
      const weeks = [0, 7, 14, 21, 28, 35].map((from) => make("tr", {}, ...days.slice(from, from + 7).map(drawDay)));
      title.textContent = month;
      table.setAttribute("aria-label", month);
      table.replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...weeks));
    };

    dialog.addEventListener("keydown", (event) => {
      const move = event.target.dataset.at && MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      at = move(at, event.shiftKey);
      draw();
      dialog.querySelector("[tabindex='0']").focus();
    });
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside it
    dialog.addEventListener("close", () => {
      dialog.remove();
      button.focus();
    });
    dialog.append(make("div", { class: "row apart" }, turn("‹", -1, place.dataset.previous), title, turn("›", 1, place.dataset.next)), table);
    draw();
    place.append(dialog); // within the menu that it belongs to, which stays open
    dialog.showModal();
    const below = place.getBoundingClientRect();
    const { width, height } = dialog.getBoundingClientRect();
    dialog.style.left = `${Math.max(8, Math.min(below.left, innerWidth - width - 8))}px`;
    dialog.style.top = `${below.bottom + height + 4 < innerHeight ? below.bottom + 4 : Math.max(8, below.top - height - 4)}px`;
    dialog.querySelector("[tabindex='0']").focus();
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-calendar]");
    if (button) openCalendar(button);
  });

  Object.assign((window.liaison ??= {}), { showDay: show });
})();
