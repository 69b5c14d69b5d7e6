// The link chart: holds the nodes and edges that the server has shown, draws them by Cytoscape, and keeps the tables
// beneath in step. What is added comes from the server; what one does here (drag, pin, hide, group, search, filter)
// stays here until the chart is saved. A thing is known by its places, the entities that it is: two things that have
// one in common are one node.
(() => {
  const desk = () => document.getElementById("chart");
  const one = (what) => desk()?.querySelector(what);
  const words = () => JSON.parse(desk().dataset.words);
  const fill = (said, values) => said.replace(/{(\w+)}/g, (_, name) => values[name]);
  const MOST_NODES = 5000; // as many as are drawn smoothly (docs/adr/0054)
  const MOST_PLACES = 20; // of one thing, as the API takes them
  const MOST_CASES = 150; // of a question for hubs, as the API takes them
  const ROWS = 100; // of a table at once
  const RING = 150; // pixels from a node to those around it, where these are few
  const ROOM = 76; // and along that ring from one to the next
  const LINE = 28; // characters of a line under a node

  let cy; // the chart
  let places = new Map(); // "case\nentity" of every thing to its node
  let called = new Map(); // ids of the last answer to the chart's own
  let byCase = new Map(); // case keys to their nodes
  let keptIn = {}; // the folder, item, title and version of a chart that is kept
  let found = null; // nodes that the last answer of hubs or paths has, by their names
  let paths = [];
  const rows = { nodes: ROWS, edges: ROWS };

  // ── look ──
  // Few nodes that are drawn too small for their labels, as all of a chart on a phone, bear the first line of each.
  const FEW = 40, SMALLEST = 8, READABLE = 10, NARROW = 90; // pixels of a line's height, and of its width
  const nameFar = () => {
    const nodes = cy.nodes(":visible");
    const isFar = nodes.length <= FEW && 12 * cy.zoom() < SMALLEST;
    nodes.toggleClass("far", isFar);
    if (isFar) nodes.updateStyle();
  };
  const look = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const drawn = (icon, stroke) => `url("data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 20 20" fill="none" stroke="${stroke}" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"><path d="${icon}"/></svg>`)}")`;
    const icons = Object.entries(JSON.parse(desk().dataset.icons));
    const node = {
      label: "data(drawn)", "font-family": style.getPropertyValue("--font").trim(), "font-size": 12, color: colour("ink"),
      "text-valign": "bottom", "text-margin-y": 4, "text-wrap": "wrap", "text-max-width": 400, "min-zoomed-font-size": SMALLEST,
      "text-outline-color": colour("surface"), "text-outline-width": 2, width: 30, height: 30,
      "background-color": colour("surface"), "border-color": colour("accent"), "border-width": 2, "overlay-opacity": 0,
    };
    const edge = {
      width: 1.25, "line-color": colour("field-line"), "curve-style": "haystack", "haystack-radius": 0, "overlay-padding": 6, "overlay-opacity": 0,
    };
    return [
      { selector: "node", style: node },
      { selector: "node[kind='case']", style: { shape: "round-rectangle", width: 34, height: 28, "background-color": colour("accent-soft") } },
      { selector: "node[kind='thing']", style: { shape: "diamond", width: 40, height: 40, "border-color": colour("sum"), "background-width": "50%", "background-height": "50%" } },
      { selector: "node[type='person']", style: { shape: "ellipse", width: 32, height: 32, "background-width": "64%", "background-height": "64%" } },
      { selector: "node[type='organisation']", style: { shape: "octagon", width: 32, height: 32, "background-width": "64%", "background-height": "64%" } },
      { selector: "node[id ^= 'number ']", style: { shape: "hexagon", width: 36, height: 32, "background-width": "56%", "background-height": "62%" } },
      { selector: "node[kind='case']", style: { "background-width": "22", "background-height": "22" } },
      ...icons.map(([name, icon]) => ({ selector: `node[icon='${name}']`, style: { "background-image": drawn(icon, colour("ink")) } })),
      { selector: "node[kind='hit'], node[kind='closed']", style: { shape: "round-rectangle", "border-style": "dashed", "border-color": colour("field-line"), color: colour("ink-2"), "text-wrap": "wrap", "text-max-width": 110 } },
      { selector: "node[kind='own']", style: { shape: "round-tag", "border-color": colour("warn-line"), "border-style": "double", "border-width": 4 } },
      { selector: "node.start", style: { "background-color": colour("accent") } },
      ...icons.map(([name, icon]) => ({ selector: `node.start[icon='${name}']`, style: { "background-image": drawn(icon, colour("surface")) } })),
      { selector: "node.pinned", style: { "border-width": 4 } },
      { selector: "node.far", style: { label: (node) => linesOf(node.data())[0], "font-size": () => READABLE / cy.zoom(), "text-max-width": () => NARROW / cy.zoom(), "min-zoomed-font-size": 0 } },
      { selector: "node.new", style: { "background-color": colour("warn-soft"), "border-color": colour("warn-line") } },
      { selector: ":parent", style: { shape: "round-rectangle", "background-color": colour("sunken"), "background-opacity": 0.5, "border-width": 1, "border-color": colour("line-2"), "text-valign": "top", "text-margin-y": -4 } },
      { selector: "edge", style: edge },
      { selector: "edge[band='certain']", style: { width: 2.5, "line-color": colour("accent") } },
      { selector: "edge[band='probable']", style: { width: 1.5, "line-color": colour("accent") } },
      { selector: "edge[band='possible']", style: { "line-color": colour("field-line"), "line-style": "dashed" } },
      { selector: "edge[?shared]", style: { "line-style": "dotted" } },
      { selector: "edge[kind='hit']", style: { "line-style": "dashed" } },
      { selector: "edge[kind='relation']", style: { "line-color": colour("sum"), "curve-style": "bezier", label: "data(word)", "font-size": 11, color: colour("ink-2"), "text-outline-color": colour("surface"), "text-outline-width": 2, "min-zoomed-font-size": 9 } },
      { selector: "edge[kind='own']", style: { "line-color": colour("warn-line"), "line-style": "dashed" } },
      { selector: "edge.new", style: { "line-color": colour("warn-line"), width: 3 } },
      { selector: ".hidden, .filtered", style: { display: "none" } },
      { selector: ".faint", style: { opacity: 0.2 } },
      { selector: "node.way, node.match", style: { "background-color": colour("warn-soft"), "border-color": colour("warn-line") } },
      { selector: "edge.way", style: { width: 4, "line-color": colour("warn-line"), "line-style": "solid" } },
      { selector: "node:selected", style: { "border-color": colour("accent-strong"), "border-width": 4, "background-color": colour("accent-soft") } },
      { selector: "edge:selected", style: { "line-color": colour("accent-strong"), width: 4 } },
    ];
  };

  // ── what a node is called ──
  const clip = (line) => ([...line].length > LINE ? `${[...line].slice(0, LINE - 1).join("")}…` : line);
  const linesOf = ({ lines, label }) => (lines?.length ? lines : [label]);
  const drawnOf = (node) => linesOf(node).map(clip).join("\n");
  const numberOf = (node) => (node.kind === "case" ? (node.lines ?? [])[0] ?? "" : "");
  const nameOf = (node) => (node.kind === "case" ? linesOf(node).slice(1).join(" · ") : node.label);
  const fullName = (node) => linesOf(node).join(" · ");

  // ── adding ──
  const place = ([key, entity]) => `${key}\n${entity}`;
  const known = (node) => {
    if (node.kind !== "thing" || node.id.startsWith("number ")) return cy.hasElementWithId(node.id) ? [node.id] : [];
    return [...new Set((node.places ?? []).map((held) => places.get(place(held))).filter((id) => id && cy.hasElementWithId(id)))];
  };
  const union = (a = [], b = []) => [...new Map([...a, ...b].map((each) => [JSON.stringify(each), each])).values()];
  const join = (into, other) => {
    const target = cy.getElementById(into), source = cy.getElementById(other);
    const edges = source.connectedEdges().map((edge) => edge.data());
    target.data("places", union(target.data("places"), source.data("places")));
    source.remove();
    for (const edge of edges) addEdge({ ...edge, a: edge.source === other ? into : edge.source, b: edge.target === other ? into : edge.target });
  };
  const addNode = (node) => {
    const [first, ...others] = known(node);
    for (const other of others) join(first, other);
    let id = first;
    if (first) {
      const data = cy.getElementById(first).data();
      const merged = { places: union(data.places, node.places), bearers: union(data.bearers, node.bearers) };
      cy.getElementById(first).data(node.kind === data.kind ? { ...node, ...merged, drawn: drawnOf(node), id: undefined } : merged);
    } else {
      id = node.id;
      cy.add({ group: "nodes", data: { places: [], bearers: [], ...node, drawn: drawnOf(node) } });
    }
    for (const held of node.kind === "thing" ? node.places ?? [] : []) places.set(place(held), id);
    if (node.kind === "case") byCase.set(node.places[0][0], id);
    called.set(node.id, id);
    return first ? null : id;
  };
  const name = ({ kind, word }, a, b) => {
    const tie = kind === "relation" ? `relation ${word}` : ["hit", "own"].includes(kind) ? kind : "tie";
    return `${tie}|${[a, b].sort().join("|")}`;
  };
  const RANK = { certain: 0, probable: 1, possible: 2, "": 3 };
  const addEdge = (edge) => {
    const a = called.get(edge.a) ?? edge.a, b = called.get(edge.b) ?? edge.b;
    if (a === b || !cy.hasElementWithId(a) || !cy.hasElementWithId(b)) return;
    const id = name(edge, a, b);
    const held = cy.getElementById(id);
    const data = { band: "", shared: false, links: [], ...edge, id, source: a, target: b };
    if (!held.length) cy.add({ group: "edges", data });
    else if (edge.kind === "link") {
      const old = held.data();
      const better = old.kind !== "link" || RANK[data.band] < RANK[old.band] ? { band: data.band, shared: data.shared, word: data.word, kind: "link" } : {};
      held.data({ ...better, links: better.band !== undefined ? union(data.links, old.links) : union(old.links, data.links) });
    }
  };
  const add = (graph, origin) => {
    called = new Map();
    const room = MOST_NODES - cy.nodes().length;
    const fits = graph.nodes.length <= room;
    if (!fits) liaison.say(fill(words().full, { most: MOST_NODES }), true);
    const fresh = [];
    cy.batch(() => {
      for (const node of fits ? graph.nodes : graph.nodes.slice(0, Math.max(0, room))) {
        const id = addNode(node);
        if (id) fresh.push(id);
      }
      for (const edge of graph.edges) addEdge(edge);
    });
    spread(fresh, origin);
    filter();
    return fresh;
  };

  // ── where what is new stands: around what led to it, away from where that came from; the rest stays where it is ──
  const spread = (fresh, origin) => {
    const waiting = new Set(fresh);
    const begin = [called.get(origin) ?? origin, ...cy.nodes().map((node) => node.id())].filter((id) => id && cy.hasElementWithId(id) && !waiting.has(id));
    if (!begin.length && fresh.length) {
      const start = waiting.has(origin) ? origin : fresh[0];
      waiting.delete(start);
      cy.getElementById(start).position({ x: 0, y: 0 });
      begin.push(start);
    }
    const taken = new Set();
    const cells = ({ x, y }) => [0, 1].flatMap((right) => [0, 1].map((down) => `${Math.floor(x / ROOM) + right} ${Math.floor(y / ROOM) + down}`));
    const isFree = (position) => !taken.has(cells(position)[0]);
    for (const id of begin) for (const cell of cells(cy.getElementById(id).position())) taken.add(cell);
    const from = new Map();
    const queue = [...new Set(begin)];
    cy.batch(() => {
      while (queue.length) {
        const here = cy.getElementById(queue.shift());
        const around = here.neighborhood("node").filter((node) => waiting.has(node.id()));
        if (!around.length) continue;
        const count = around.length, back = from.get(here.id()) ?? centreOf(here, waiting);
        const arc = back === null ? 2 * Math.PI : Math.min(Math.PI * 1.25, 0.5 + count * 0.5);
        const radius = Math.max(RING, (count * ROOM) / arc), { x, y } = here.position();
        around.forEach((node, at) => {
          const angle = back === null ? (2 * Math.PI * at) / count : back + (count > 1 ? arc * (at / (count - 1) - 0.5) : 0);
          const out = (tries) => ({ x: x + (radius + tries * ROOM) * Math.cos(angle), y: y + (radius + tries * ROOM) * Math.sin(angle) });
          const free = [0, 1, 2, 3, 4, 5].map(out).find(isFree) ?? out(0);
          node.position(free);
          for (const cell of cells(free)) taken.add(cell);
          from.set(node.id(), angle);
          waiting.delete(node.id());
          queue.push(node.id());
        });
      }
      [...waiting].forEach((id, at) => cy.getElementById(id).position({ x: 60 * (at % 20), y: 400 + 60 * Math.floor(at / 20) }));
    });
  };
  // The direction away from what a node is tied to already; null where that is nothing.
  const centreOf = (here, waiting) => {
    const held = here.neighborhood("node").filter((node) => !waiting.has(node.id()));
    if (!held.length) return null;
    const { x, y } = here.position();
    const far = held.reduce((sum, node) => ({ x: sum.x + x - node.position("x"), y: sum.y + y - node.position("y") }), { x: 0, y: 0 });
    return Math.atan2(far.y, far.x);
  };
  // All of some nodes in view, none drawn larger than it is meant; so they stay when the canvas gets another size, as
  // when a page is enlarged or a phone is turned, until somebody moves or zooms the chart.
  let inView = null;
  const fit = (some, padding = 40) => {
    if (!some.length) return;
    inView = some;
    cy.nodes(".far").removeClass("far"); // what is in view is measured without labels that grow as it shrinks
    cy.fit(some, padding);
    nameFar();
    if (cy.zoom() <= 1) return;
    cy.zoom(1);
    cy.center(some);
  };
  const arrange = () => {
    const drawn = cy.elements(":visible"), count = drawn.nodes().length;
    const layout = count > 1500 ? { name: "concentric", concentric: (node) => node.degree(), levelWidth: () => 3, minNodeSpacing: 20 } : { name: "cose", randomize: false, nodeDimensionsIncludeLabels: true, idealEdgeLength: () => 90, numIter: count > 400 ? 200 : 1000 };
    drawn.layout({ ...layout, animate: false, fit: false }).run();
    const { w, h } = drawn.nodes().boundingBox({ includeLabels: false });
    const room = (across, down) => Math.min(cy.width() / across, cy.height() / down);
    if (room(h, w) > 1.2 * room(w, h) && !drawn.nodes(".pinned").length) {
      drawn.nodes().positions((node) => ({ x: node.position("y"), y: node.position("x") })); // upright, as on a phone
    }
    fit(drawn);
  };

  // ── keeping: references and positions, nothing of what a record says (pipeline/api/chart_content.py) ──
  const MOST_REFERENCES = 18000; // of a chart that a folder keeps, with some room
  const reference = ([key, entity]) => ({ ref: `entity ${key} ${entity}` });
  const keep = (drawn = cy.nodes("[kind!='group']"), marks = false) => {
    const at = new Map(drawn.map((node, index) => [node.id(), index]));
    const each = Math.max(1, Math.min(MOST_PLACES, Math.floor(MOST_REFERENCES / Math.max(1, drawn.length))));
    const nodes = drawn.map((node) => {
      const { id, kind, places: held, bearers, label, type, number, case: key } = node.data();
      const { x, y } = node.position();
      const stands = { x: Math.round(x), y: Math.round(y) };
      if (node.hasClass("pinned")) stands.pinned = true;
      if (node.hasClass("hidden")) stands.hidden = true;
      if (marks && node.is(".way, .match")) stands.marked = true;
      if (node.parent().length) stands.group = node.parent().id();
      if (kind === "case") return { ...stands, ref: `record ${held[0][0]}` };
      if (kind === "hit") return { ...stands, hit: decodeURIComponent(id.slice("hit ".length)) };
      if (kind === "own") return { ...stands, own: { label, type, number, case: key } };
      const mark = id.startsWith("number ") ? { number: id } : {};
      return { ...stands, places: [...held, ...bearers].slice(0, each).map((one) => ({ ...reference(one), ...mark })) };
    });
    const links = new Map(), lines = [];
    for (const edge of cy.edges()) {
      const { kind, links: held, source, target, word } = edge.data();
      const ends = [at.get(source), at.get(target)];
      const isDrawn = ends.every((end) => end !== undefined);
      if (kind === "own" && isDrawn) lines.push({ a: ends[0], b: ends[1], word });
      if (kind === "hit" && isDrawn) links.set(ends.join(), ends);
      for (const [, a, b] of held) {
        const pair = [called.get(`case ${a}`) ?? caseNode(a), called.get(`case ${b}`) ?? caseNode(b)].map((id) => at.get(id));
        if (pair.every((index) => index !== undefined)) links.set(pair.sort((one, other) => one - other).join(), pair);
      }
    }
    const groups = cy.nodes("[kind='group']").map((node) => ({ id: node.id(), label: node.data("label") }));
    return JSON.stringify({ nodes, links: [...links.values()], lines, groups });
  };
  const caseNode = (key) => byCase.get(key);
  const post = async (path, fields, take = (answer) => answer.json()) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ csrf: desk().dataset.csrf, ...fields })) form.append(name, value);
    try {
      const answer = await fetch(path, { method: "POST", body: form, headers: { Accept: "application/json" } });
      if (answer.ok) return await take(answer);
      liaison.say((await answer.json()).detail ?? words().lost, true);
    } catch {
      liaison.say(words().lost, true);
    }
  };
  // What a file has of a chart: what is in sight, read anew by the server.
  const inSight = () => ({
    content: keep(cy.nodes("[kind!='group']").not(".hidden, .filtered"), true), title: desk().dataset.title,
    band: one("[data-chart-filters]").elements.band.value,
  });
  const save = async (form) => {
    const { folder, title } = Object.fromEntries(new FormData(form));
    const again = keptIn.item && keptIn.folder === folder;
    const told = await post("/chart/save", { folder, title, content: keep(), item: again ? keptIn.item : "", seen: again ? keptIn.version : 0 });
    if (!told) return;
    keptIn = { folder, title, item: told.item, version: told.version };
    desk().dataset.title = title;
    history.replaceState(history.state, "", `/chart?folder=${encodeURIComponent(folder)}&item=${encodeURIComponent(told.item)}`);
    liaison.say(words().saved);
  };

  const fileName = (answer) => {
    const said = answer.headers.get("Content-Disposition") ?? "";
    const [, whole] = said.match(/filename\*=UTF-8''([^;]+)/) ?? [];
    return whole ? decodeURIComponent(whole) : said.match(/filename="([^"]*)"/)[1];
  };
  const MOST_PIXELS = 8000; // of a side of a picture: browsers refuse canvases of twice that
  // The server's drawing as a PNG; null of one that the browser can't paint.
  const paint = async (drawing) => {
    const image = Object.assign(new Image(), { src: `data:image/svg+xml,${encodeURIComponent(drawing)}` });
    try {
      await image.decode();
    } catch {
      return null;
    }
    const { width, height } = image, scale = Math.min(2, MOST_PIXELS / width, MOST_PIXELS / height);
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve));
  };

  // What somebody brings of their own: set beside what is drawn, and tied to the records that the server matched.
  let brought = 0;
  const bring = async (form) => {
    const told = await post("/chart/import", { file: form.elements.file.files[0] });
    if (!told) return;
    const mark = (id) => (id.startsWith("own ") ? `${id} of ${brought}` : id);
    brought += 1;
    form.closest("details").open = false;
    const { graph, places: stands, said } = told;
    const nodes = graph.nodes.map((node) => ({ ...node, id: mark(node.id) }));
    const edges = graph.edges.map((edge) => ({ ...edge, a: mark(edge.a), b: mark(edge.b) }));
    for (const node of nodes) if (node.number && cy.hasElementWithId(node.number)) edges.push({ a: node.id, b: node.number, kind: "own", word: node.label });
    const box = cy.nodes().length ? cy.elements().boundingBox() : { x2: 0, y1: 0 };
    const fresh = new Set(add({ nodes, edges }, nodes[0]?.id)); // what was in the chart stays where it is
    const laid = stands.some(([, x, y]) => x || y);
    if (laid) cy.batch(() => {
      for (const [id, x, y] of stands) if (fresh.has(mark(id))) cy.getElementById(mark(id)).position({ x: box.x2 + 120 + x, y: box.y1 + y });
    });
    fit(cy.elements(":visible"));
    form.reset();
    liaison.say(said);
  };

  // ── what is selected ──
  const picked = () => cy.nodes(":selected").filter((node) => !node.isParent());
  const ask = (node) => [...node.data("places"), ...node.data("bearers")].slice(0, MOST_PLACES);
  const cases = () => cy.nodes("[kind='case']").map((node) => node.data("places")[0][0]);
  const expand = (node, more = {}) => {
    if (!ask(node).length) return liaison.say(words().one);
    const hits = cy.nodes("[kind='hit']").map((hit) => decodeURIComponent(hit.id().slice("hit ".length)));
    const number = node.id().startsWith("number ") ? node.id() : "";
    emitEvent("chart_expand", { node: node.id(), places: ask(node), known: [...cases(), ...hits].slice(0, MOST_NODES), number, ...more });
  };
  const show = (edge) => {
    const { links, kind, source, target } = edge.data();
    if (links.length) return emitEvent("chart_evidence", { links: links.slice(0, 100).map(([link]) => link) });
    if (kind === "hit" || kind === "own") return;
    const ends = [source, target].map((id) => cy.getElementById(id));
    const record = ends.find((end) => end.data("kind") === "case")?.data("places")[0][0];
    const thing = ends.find((end) => end.data("kind") === "thing");
    const held = thing && ask(thing).find(([key]) => !record || key === record);
    if (held) emitEvent("chart_evidence", { place: held });
  };
  const go = (node) => {
    cy.elements().unselect();
    node.select();
    cy.animate({ center: { eles: node }, duration: 0 });
  };

  const tools = {
    expand: () => (picked().length ? picked().forEach((node) => expand(node)) : liaison.say(words().one)),
    path: () => {
      const ends = [...picked()];
      if (ends.length !== 2) return liaison.say(words().two);
      const [a, b] = ends[0].data("kind") === "hit" ? [ends[1], ends[0]] : ends;
      if (!ask(a).length || (b.data("kind") !== "hit" && !ask(b).length)) return liaison.say(words().two);
      const hit = b.data("kind") === "hit" ? decodeURIComponent(b.id().slice("hit ".length)) : "";
      emitEvent("chart_paths", { a: ask(a), b: hit ? [] : ask(b), hit });
    },
    hubs: () => {
      const ranked = [...cy.nodes("[kind='case']")].sort((a, b) => b.degree() - a.degree()).map((node) => node.data("places")[0][0]);
      if (ranked.length) emitEvent("chart_hubs", { cases: ranked.slice(0, MOST_CASES), all: ranked.length });
    },
    pin: () => {
      for (const node of picked()) {
        node.toggleClass("pinned");
        if (node.hasClass("pinned")) node.lock();
        else node.unlock();
      }
      tell();
    },
    hide: () => {
      cy.$(":selected").addClass("hidden").unselect();
      tell();
    },
    unhide: () => {
      cy.elements(".hidden").removeClass("hidden");
      tell();
    },
    group: () => {
      const chosen = picked();
      const parents = chosen.parent();
      if (!chosen.length) return liaison.say(words().one);
      if (parents.length) {
        chosen.move({ parent: null });
        parents.filter((parent) => !parent.children().length).remove();
        return tell();
      }
      const number = cy.nodes("[kind='group']").length + 1;
      const id = `group ${number} ${Date.now()}`;
      const label = fill(words().group, { number });
      cy.add({ group: "nodes", data: { id, kind: "group", type: "group", label, drawn: label, places: [], bearers: [] } });
      chosen.move({ parent: id });
      tell();
    },
    remove: () => {
      cy.$(":selected").remove();
      cy.nodes().data("all", false);
      tell();
    },
    png: async () => {
      const [drawing, name] = (await post("/chart/file", { form: "png", ...inSight() }, async (answer) => [await answer.text(), fileName(answer)])) ?? [];
      const picture = drawing && (await paint(drawing));
      if (!picture) return drawing && liaison.say(words().large, true);
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(picture), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    },
    keep: () => {
      const kept = [...picked()].map((node) => node.data("keep")).filter(Boolean);
      if (!kept.length) return liaison.say(words().one);
      document.dispatchEvent(new CustomEvent("keep", { detail: kept, bubbles: true }));
    },
    save: () => emitEvent("chart_save", {}),
    arrange,
    fit: () => fit(cy.elements(":visible")),
  };

  // ── search and filters ──
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  let at = 0; // of the matches, which one Enter leads to next
  const seek = (text) => {
    cy.elements().removeClass("match faint");
    if (!text.trim()) return cy.collection();
    const wanted = plain(text.trim());
    const matches = cy.nodes(":visible").filter((node) => plain([node.data("label"), ...(node.data("lines") ?? []), node.data("under") ?? "", (node.data("places")[0] ?? [""])[0]].join(" ")).includes(wanted));
    cy.elements().addClass("faint");
    matches.removeClass("faint").addClass("match");
    return matches;
  };
  const filter = () => {
    const form = one("[data-chart-filters]");
    const wanted = Object.fromEntries(new FormData(form));
    cy.batch(() => {
      cy.elements().removeClass("filtered");
      if (wanted.band) cy.edges("[kind='link']").filter((edge) => edge.data("band") !== wanted.band).addClass("filtered");
      if (wanted.type) cy.nodes("[kind!='case']").filter((node) => node.data("type") !== wanted.type && node.data("kind") !== "group").addClass("filtered");
      const out = (node) => (wanted.country && node.data("country") !== wanted.country) || (wanted.from && !(node.data("opened") >= wanted.from)) || (wanted.to && !(node.data("opened") && node.data("opened") <= wanted.to));
      cy.nodes("[kind='case']").filter(out).addClass("filtered");
      if (Object.values(wanted).some(Boolean)) {
        // a thing whose records are all out of sight goes with them
        const alone = (node) => node.connectedEdges().length && !node.connectedEdges().some((edge) => !edge.hasClass("filtered") && edge.connectedNodes().every((end) => !end.hasClass("filtered")));
        cy.nodes("[kind='thing'], [kind='hit']").filter(alone).addClass("filtered");
      }
    });
    choices(form);
    tell();
  };
  const choices = (form) => {
    for (const [name, value, word] of [["type", "type", "word"], ["country", "country", "countryName"]]) {
      const field = form.elements[name], chosen = field.value, counts = new Map();
      for (const node of cy.nodes(name === "type" ? "[kind!='case']" : "[kind='case']")) {
        const { [value]: key, [word]: said, kind } = node.data();
        if (key && kind !== "group") counts.set(key, [said || key, (counts.get(key)?.[1] ?? 0) + 1]);
      }
      const options = [...counts].sort((a, b) => b[1][1] - a[1][1]).map(([key, [said, count]]) => new Option(`${said} (${count})`, key));
      field.replaceChildren(new Option(words().any, ""), ...options);
      field.value = counts.has(chosen) ? chosen : "";
    }
  };

  // ── which buttons would do something ──
  const uses = () => {
    const chosen = picked(), selected = cy.$(":selected"), drawn = cy.nodes("[kind!='group']"), shown = drawn.not(".hidden, .filtered");
    const leads = (node) => ask(node).length > 0, isHit = (node) => node.data("kind") === "hit";
    const hits = chosen.filter(isHit).length;
    return {
      expand: chosen.some((node) => leads(node) && !node.data("all")),
      path: chosen.length === 2 && hits < 2 && chosen.every((node) => leads(node) || isHit(node)),
      hubs: drawn.is("[kind='case']"),
      pin: chosen.length, group: chosen.length, hide: selected.length, remove: selected.length,
      unhide: cy.$(".hidden").length, arrange: shown.length > 1, fit: shown.length,
      keep: chosen.some((node) => node.data("keep")), save: drawn.length, png: shown.length, file: shown.length,
    };
  };
  let waiting = false;
  const ready = () => {
    if (waiting) return; // of a hundred that are selected at once
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      const found = uses();
      for (const tool of desk().querySelectorAll("button[data-chart]")) {
        const held = document.activeElement === tool;
        tool.disabled = !found[tool.dataset.chart];
        tool.title = tool.disabled ? words()[NEEDS[tool.dataset.chart]] ?? "" : "";
        if (held && tool.disabled) one("[data-canvas]").focus({ preventScroll: true });
      }
      offer();
    });
  };
  const NEEDS = { expand: "one", path: "two", pin: "one", group: "one", hide: "one", remove: "one", keep: "one" }; // what they wait for, in words
  // People and things of a record are offered while some are missing.
  const offer = () => {
    for (const each of desk().querySelectorAll("[data-chart-named]")) {
      const { chartNamed, chartAll } = each.dataset;
      const drawn = [...places].filter(([held, id]) => held.startsWith(place([chartNamed, ""])) && cy.hasElementWithId(id));
      each.hidden = drawn.length >= Number(chartAll);
    }
  };

  // ── the tables beneath, for those who read; and how much is in sight ──
  let telling;
  const tell = () => {
    ready();
    clearTimeout(telling);
    telling = setTimeout(() => {
      const all = cy.nodes("[kind!='group']"), shown = all.filter(":visible");
      const count = picked().length;
      one("[data-chart-count]").textContent = fill(words().shown, { shown: shown.length, all: all.length }) + (count ? ` · ${fill(words().picked, { count })}` : "");
      describe(count === 1 ? picked()[0] : null);
      const looks = new Set(shown.map((node) => node.data("icon") || node.data("kind")));
      for (const each of desk().querySelectorAll("[data-look]")) each.hidden = !looks.has(each.dataset.look);
      if (one("[data-chart-tables]").open) write();
    }, 60);
  };
  const describe = (node) => {
    const place = one("[data-chart-picked]");
    place.replaceChildren();
    if (!node) return;
    const { label, word, under, path, caveat } = node.data();
    const title = nameOf(node.data()) || label;
    place.append(Object.assign(document.createElement("bdi"), { dir: "auto", className: "strong", textContent: title }));
    const said = [word, under !== title && under].filter((one) => one && one !== title);
    place.append(Object.assign(document.createElement("span"), { textContent: said.join(" · ") }));
    for (const [at, [lang, textContent]] of (caveat ?? []).entries()) {
      const text = Object.assign(document.createElement("bdi"), { dir: "auto", lang, textContent });
      const line = document.createElement("span");
      line.append(at ? words().original : `${words().caveat}:`, " ", text);
      place.append(line);
    }
    if (path) place.append(Object.assign(document.createElement("a"), { href: path, textContent: words().open }));
  };
  const cell = (content, tag = "td") => {
    const made = document.createElement(tag);
    if (content instanceof Node) made.append(content);
    else made.textContent = content;
    return made;
  };
  const button = (label, more) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "plain-button", textContent: label });
    made.dir = "auto";
    Object.assign(made.dataset, more);
    return made;
  };
  const table = (name, elements, cells) => {
    const body = one(`[data-chart-rows=${name}]`);
    const drawn = [...elements].slice(0, rows[name]).map((element) => {
      const row = document.createElement("tr");
      row.dataset.row = "";
      row.append(...cells(element));
      return row;
    });
    if (elements.length > rows[name]) {
      const last = document.createElement("tr");
      const more = cell(button(`${words().more} (${rows[name]} / ${elements.length})`, { chartRowsMore: name }));
      more.colSpan = 6;
      last.append(more);
      drawn.push(last);
    }
    const held = document.activeElement?.closest(`[data-chart-rows=${name}]`) && document.activeElement.dataset;
    const focus = held && { node: held.chartRow, edge: held.chartLine };
    body.replaceChildren(...drawn);
    const again = focus && (focus.node ?? focus.edge);
    if (again) body.querySelector(focus.node ? `[data-chart-row="${CSS.escape(again)}"]` : `[data-chart-line="${CSS.escape(again)}"]`)?.focus();
  };
  const write = () => {
    const state = (node) => [node.selected() && "✓", node.hasClass("new") && words().isNew, node.hasClass("pinned") && words().pinned].filter(Boolean).join(" · ");
    table("nodes", cy.nodes(":visible").filter("[kind!='group']"), (node) => [
      cell(numberOf(node.data())),
      cell(button(nameOf(node.data()) || node.data("label"), { chartRow: node.id(), open: "" }), "th"),
      cell(node.data("word") ?? ""), cell(node.data("countryName") || node.data("under") || ""), cell(node.connectedEdges(":visible").length), cell(state(node)),
    ]);
    table("edges", cy.edges(":visible"), (edge) => [
      cell(button(fullName(edge.source().data()), { chartLine: edge.id(), open: "" }), "th"), cell(fullName(edge.target().data())), cell(edge.data("word") ?? ""),
    ]);
  };

  // What paper says besides: the tables as they are now, and what the owners of the records in sight ask.
  window.addEventListener("beforeprint", () => {
    if (!cy || !one("[data-chart-tables]")) return;
    write();
    const asked = cy.nodes(":visible").filter((node) => node.data("caveat")?.length).map((node) => {
      const line = Object.assign(document.createElement("li"), { dir: "auto" });
      const said = node.data("caveat").map(([, text], at) => (at ? `${words().original} ${text}` : text));
      line.textContent = `${words().caveat}, ${numberOf(node.data())}: ${said.join(" · ")}`;
      return line;
    });
    one("[data-chart-caveats]").replaceChildren(...asked);
  });

  // ── keys and clicks ──
  const step = (x, y) => {
    const here = picked()[0] ?? cy.nodes(":visible")[0];
    if (!here) return;
    if (!picked().length) return go(here);
    const from = here.position();
    const ahead = cy.nodes(":visible").filter((node) => {
      if (node.same(here) || node.isParent()) return false;
      const [dx, dy] = [node.position("x") - from.x, node.position("y") - from.y];
      return dx * x + dy * y > Math.abs(dx * y) + Math.abs(dy * x);
    });
    const far = (node) => (node.position("x") - from.x) ** 2 + (node.position("y") - from.y) ** 2;
    const next = ahead.min(far).ele;
    if (next) go(next);
  };
  const zoom = (by) => {
    inView = null;
    cy.zoom({ level: cy.zoom() * by, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  };
  const keys = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    Enter: () => tools.expand(), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
  };
  const listen = () => {
    const canvas = one("[data-canvas]");
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && cy.$(":selected").length) {
        event.stopPropagation();
        cy.elements().unselect();
      }
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    });
    const field = document.getElementById("chart-seek");
    field.addEventListener("input", () => {
      at = 0;
      const matches = seek(field.value);
      if (field.value.trim() && !matches.length) liaison.say(words().none);
    });
    desk().addEventListener("submit", (event) => {
      if (event.target.matches("[data-chart-file]")) for (const [name, value] of Object.entries(inSight())) event.target.elements[name].value = value;
      if (!event.target.matches("[data-chart-save], [data-chart-import]")) return;
      event.preventDefault();
      if (event.target.matches("[data-chart-save]")) save(event.target);
      else bring(event.target);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const matches = seek(field.value);
      if (matches.length) go(matches[at++ % matches.length]);
    });
    const form = one("[data-chart-filters]");
    form.addEventListener("change", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    one("[data-chart-tables]").addEventListener("toggle", write);
    desk().addEventListener("keydown", (event) => {
      const id = event.target.dataset?.chartRow;
      if (event.key !== "Enter" || !id) return;
      event.preventDefault();
      expand(cy.getElementById(id));
    });
    desk().addEventListener("click", ({ target, shiftKey }) => {
      const pressed = target.closest("button");
      if (!pressed) return;
      const { chart, chartMore, chartNode, chartLinks, chartPath, chartHub, chartRow, chartLine, chartRowsMore } = pressed.dataset;
      if (chart) tools[chart]?.();
      if (chartMore) {
        const node = cy.getElementById(called.get(chartNode) ?? chartNode);
        if (node.length) expand(node, JSON.parse(chartMore));
      }
      if (chartLinks) emitEvent("chart_evidence", { links: JSON.parse(chartLinks) });
      if (chartPath) way(paths[Number(chartPath)]);
      if (chartHub) hub(chartHub);
      if (chartRow && shiftKey) cy.getElementById(chartRow).select();
      else if (chartRow) go(cy.getElementById(chartRow));
      if (chartLine) show(cy.getElementById(chartLine));
      if (chartRowsMore) {
        rows[chartRowsMore] += ROWS;
        write();
      }
    });
  };

  // ── what the server answers ──
  const begin = (count) => {
    places = new Map();
    byCase = new Map();
    called = new Map();
    cy?.destroy();
    cy = cytoscape({
      container: one("[data-canvas]"), style: look(), elements: [], minZoom: 0.02, maxZoom: 4, layout: { name: "preset" },
      pixelRatio: count > 600 ? 1 : "auto", boxSelectionEnabled: true,
    });
    cy.on("dbltap", "node", ({ target }) => expand(target));
    cy.on("tap", "edge", ({ target }) => show(target));
    cy.on("select unselect", tell);
    cy.on("dragpan scrollzoom pinchzoom", () => (inView = null));
    cy.on("zoom", nameFar);
    cy.on("resize", () => inView && fit(inView.filter(":inside")));
    new MutationObserver(ready).observe(document.getElementById("chart-pane"), { childList: true, subtree: true });
    new MutationObserver(() => cy.style(look())).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    listen();
  };
  const start = (graph, key, isAll) => {
    begin(graph.nodes.length);
    const centre = graph.nodes.find((node) => node.kind === "case" && node.places[0][0] === key)?.id;
    add(graph, centre);
    if (centre) cy.getElementById(centre).addClass("start").data("all", isAll);
    if (cy.nodes().length) arrange();
    tell();
  };
  // All places in view. Cytoscape's own fit measures each node with its words first: two seconds for 5,000 of them.
  const frame = (stands) => {
    if (!stands.length) return;
    const span = (values) => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    const [left, right] = span(stands.map(({ x }) => x)), [top, bottom] = span(stands.map(({ y }) => y));
    const [width, height] = [cy.width(), cy.height()], margin = 80;
    const wanted = Math.min((width - margin) / (right - left || 1), (height - margin) / (bottom - top || 1), 1);
    const zoom = Math.max(cy.minZoom(), wanted);
    cy.viewport({ zoom, pan: { x: (width - zoom * (left + right)) / 2, y: (height - zoom * (top + bottom)) / 2 } });
  };
  // A kept chart: each node where it was left; one that was drawn of a folder's records has no places yet.
  const openKept = (graph, stands, groups, kept) => {
    begin(graph.nodes.length);
    keptIn = kept;
    const placed = new Set();
    for (const { id, label } of groups) cy.add({ group: "nodes", data: { id, kind: "group", type: "group", label, drawn: label, places: [], bearers: [] } });
    const nodes = [], edges = [];
    graph.nodes.forEach((node, index) => {
      const [first] = known(node);
      if (first || placed.has(node.id)) return called.set(node.id, first ?? node.id);
      const { x, y, pinned, hidden, group } = stands[index];
      placed.add(node.id);
      called.set(node.id, node.id);
      for (const held of node.kind === "thing" ? node.places ?? [] : []) places.set(place(held), node.id);
      if (node.kind === "case") byCase.set(node.places[0][0], node.id);
      const classes = [pinned && "pinned", hidden && "hidden"].filter(Boolean);
      nodes.push({ group: "nodes", data: { places: [], bearers: [], ...node, drawn: drawnOf(node), parent: group || undefined }, position: { x, y }, locked: Boolean(pinned), classes });
    });
    const drawn = new Set();
    for (const edge of graph.edges) {
      const id = name(edge, edge.a, edge.b);
      if (drawn.has(id) || !placed.has(edge.a) || !placed.has(edge.b)) continue;
      drawn.add(id);
      edges.push({ group: "edges", data: { band: "", shared: false, links: [], ...edge, id, source: edge.a, target: edge.b } });
    }
    cy.add([...nodes, ...edges]);
    if (stands.length > 1 && stands.every(({ x, y }) => !x && !y)) {
      cy.nodes().positions((node, index) => ({ x: 80 * (index % 20), y: 80 * Math.floor(index / 20) }));
      arrange();
    } else frame(stands);
    filter();
    if (kept.item) emitEvent("chart_news", { cases: cases().slice(0, 500) });
  };
  const news = (ids, said) => {
    cy.nodes(".new").removeClass("new");
    for (const id of ids) cy.getElementById(id).addClass("new");
    const place = one("[data-chart-news]");
    if (place && said) place.textContent += ` · ${said}`;
    tell();
  };
  const way = (ids) => {
    cy.elements().removeClass("way faint match");
    if (!ids) return;
    const nodes = ids.map((id) => cy.getElementById(called.get(id) ?? id)).filter((node) => node.length);
    nodes.forEach((node, index) => {
      node.removeClass("hidden filtered").addClass("way");
      if (index) node.edgesWith(nodes[index - 1]).removeClass("hidden filtered").addClass("way");
    });
    fit(cy.$(".way"), 60);
    tell();
  };
  const hub = (id) => {
    if (!found) return;
    const edges = found.edges.filter(({ a, b }) => a === id || b === id);
    const ends = new Set([id, ...edges.flatMap(({ a, b }) => [a, b])]);
    add({ nodes: found.nodes.filter((node) => ends.has(node.id)), edges }, id);
    const node = cy.getElementById(called.get(id) ?? id);
    cy.elements().removeClass("way faint match");
    node.closedNeighborhood().removeClass("hidden filtered").addClass("way");
    go(node);
    fit(node.closedNeighborhood(), 60);
    tell();
  };
  const showPaths = (graph, told) => {
    add(graph, graph.nodes[0]?.id);
    paths = told.map((ids) => ids.map((id) => called.get(id) ?? id));
    way(paths[0]);
  };
  const showHubs = (graph) => (found = graph);
  const added = (graph, origin, isAll) => {
    const fresh = add(graph, origin);
    cy.getElementById(called.get(origin) ?? origin).data("all", isAll);
    ready();
    liaison.say(fresh.length ? fill(words().added, { count: fresh.length }) : words().all);
    if (fresh.length) fit(cy.elements(":visible"));
  };

  Object.assign((window.liaison ??= {}), { chartStart: start, chartAdd: added, chartPaths: showPaths, chartHubs: showHubs, chartOpen: openKept, chartNews: news, chart: () => cy });
})();
