/// What makes the picture move: zoom, search, keys. It reads the boxes that are there and never makes markup from text.
let flameGraphScript = #"""
  "use strict";
  window.addEventListener("DOMContentLoaded", () => {
    const svg = document.getElementById("graph"), get = id => document.getElementById(id);
    const side = +svg.dataset.side, letter = +svg.dataset.font, inverted = svg.dataset.inverted === "1";
    const full = svg.viewBox.baseVal.width - 2 * side, name = /^(.*) \([^(]*\)$/s;
    const frames = Array.from(get("frames").children, g => {
      const rect = g.querySelector("rect"), title = g.querySelector("title").textContent;
      const tiny = g.classList.contains("tiny"), found = name.exec(title);
      return { g, rect, title, tiny, name: found ? found[1] : title, text: g.querySelector("text"),
        x: +rect.getAttribute("x"), y: +rect.getAttribute("y"), w: +rect.getAttribute("width") };
    });
    if (!frames.length) return;
    const byGroup = new Map(frames.map(f => [f.g, f])), root = frames[0];
    let zoomed = root, current = null, ignoreCase = false, term = "";
    const above = (a, b) => inverted ? a.y < b.y : a.y > b.y;
    const holds = (a, b) => a.x <= b.x + .11 && a.x + a.w + .11 >= b.x + b.w;

    function place(f, x, w) {
      f.rect.setAttribute("x", x.toFixed(1));
      f.rect.setAttribute("width", Math.max(0, w).toFixed(1));
      const room = Math.floor(w / letter);
      if (f.tiny) return;
      if (room < 3) { if (f.text) f.text.textContent = ""; return; }
      if (!f.text) {
        f.text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        f.text.setAttribute("y", (f.y + (+f.rect.getAttribute("height") + 1) * .72).toFixed(2));
        f.g.appendChild(f.text);
      }
      f.text.setAttribute("x", (x + 3).toFixed(1));
      const all = Array.from(f.name);
      f.text.textContent = all.length > room ? all.slice(0, room - 2).join("") + ".." : f.name;
    }
    function zoom(target) {
      zoomed = target;
      const scale = full / target.w;
      for (const f of frames) {
        const isCaller = f !== target && above(f, target) && holds(f, target);
        const inside = f === target || (!above(f, target) && f.y !== target.y && holds(target, f));
        f.g.classList.toggle("past", isCaller);
        f.g.classList.toggle("hide", !isCaller && !inside);
        if (isCaller) place(f, side, full); else if (inside) place(f, side + (f.x - target.x) * scale, f.w * scale);
      }
      get("reset").classList.toggle("hide", target === root);
      remember();
    }
    function search(text) {
      term = text;
      let test = null;
      if (text) try { test = new RegExp(text, ignoreCase ? "i" : ""); } catch { test = null; }
      const hits = [];
      for (const f of frames) {
        const hit = !!test && !f.tiny && f !== root && test.test(f.name);
        f.g.classList.toggle("hit", hit);
        if (hit) hits.push(f);
      }
      // What lies within another match is not counted twice.
      hits.sort((a, b) => a.x - b.x || b.w - a.w);
      let end = -1, sum = 0;
      for (const f of hits) if (f.x >= end - .05) { sum += f.w; end = f.x + f.w; }
      get("matched").textContent = test ? "Matched: " + (100 * sum / root.w).toFixed(1) + "%" : text ? "Not a pattern" : " ";
      remember();
    }
    function remember() {
      const state = new URLSearchParams();
      if (zoomed !== root) { state.set("x", zoomed.x); state.set("y", zoomed.y); }
      if (term) state.set("s", term);
      const text = state.toString();
      try { history.replaceState(null, "", text ? "?" + text : location.pathname); } catch { /* not for every address */ }
    }
    function show(f) { get("details").textContent = f ? svg.dataset.kind + " " + f.title : " "; }
    function go(f) {
      if (!f) return;
      if (current) current.g.classList.remove("now");
      current = f;
      f.g.classList.add("now");
      show(f);
    }
    const seen = () => frames.filter(f => !f.tiny && !f.g.classList.contains("hide"));
    function step(key) {
      const f = current || zoomed, up = (key === "ArrowUp") !== inverted, row = +f.rect.getAttribute("height") + 1;
      if (key === "ArrowUp" || key === "ArrowDown") {
        const y = f.y + (key === "ArrowUp" ? -row : row);
        const near = seen().filter(o => Math.abs(o.y - y) < 1 && (up ? holds(f, o) : holds(o, f)));
        return near.sort((a, b) => b.w - a.w)[0];
      }
      const line = seen().filter(o => o.y === f.y).sort((a, b) => a.x - b.x), at = line.indexOf(f);
      return line[at + (key === "ArrowRight" ? 1 : -1)];
    }
    const of = event => { const g = event.target.closest && event.target.closest(".f"); return g && byGroup.get(g); };
    svg.addEventListener("click", event => {
      const f = of(event);
      if (!f || String(getSelection())) return;
      if (event.ctrlKey && f.g.dataset.href) { window.open(f.g.dataset.href, "_blank", "noopener"); return; }
      if (!f.tiny) zoom(f);
    });
    svg.addEventListener("mouseover", event => show(of(event)));
    get("reset").addEventListener("click", () => zoom(root));
    get("case").addEventListener("click", toggleCase);
    function toggleCase() {
      ignoreCase = !ignoreCase;
      get("case").textContent = ignoreCase ? "IC" : "ic";
      search(term);
    }
    get("search").addEventListener("input", event => search(event.target.value));
    window.addEventListener("keydown", event => {
      const field = get("search");
      if ((event.ctrlKey && event.key === "f") || event.key === "F3") { event.preventDefault(); field.focus(); return; }
      if (event.ctrlKey && event.key === "i") { event.preventDefault(); toggleCase(); return; }
      if (event.target === field) {
        if (event.key === "Escape") { field.value = ""; search(""); field.blur(); }
        return;
      }
      if (event.key === "/") { event.preventDefault(); field.focus(); }
      else if (event.key.startsWith("Arrow")) { event.preventDefault(); go(step(event.key)); }
      else if (event.key === "Enter" && current) zoom(current);
      else if (event.key === "Escape") zoom(root);
    });
    const state = new URLSearchParams(location.search), s = state.get("s");
    const start = state.has("x") && frames.find(f => f.x === +state.get("x") && f.y === +state.get("y"));
    if (s) { get("search").value = s; search(s); }
    if (start) zoom(start);
  });

  """#
