"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const chart = byId("chart"), line = byId("threshold"), gallery = byId("gallery");
  const maximum = Number(chart.dataset.maximum);
  const words = { passed: "passed rightly", overkill: "overkill: a good part rejected", escape: "escape: a defect passed", found: "found", unknown: "no label" };
  const cards = [...gallery.children].map(element => ({
    element, score: Number(element.dataset.score), label: element.dataset.label, group: element.dataset.class,
  }));
  let threshold = data.threshold, pending = 0;

  // The decision of the library: at or above the threshold is anomalous.
  const isAnomalous = score => score >= threshold;
  const outcome = (score, label) => label === "" ? "unknown"
    : label === "1" ? (isAnomalous(score) ? "found" : "escape") : (isAnomalous(score) ? "overkill" : "passed");
  const isWrong = kind => kind === "overkill" || kind === "escape";
  const shown = value => String(Math.round(value * 1000) / 1000);
  const ratio = (part, whole) => whole === 0 ? 0 : part / whole;

  function count() {
    const counts = { passed: 0, overkill: 0, escape: 0, found: 0 };
    for (const score of data.good) counts[outcome(score, "0")]++;
    for (const score of data.defective) counts[outcome(score, "1")]++;
    return counts;
  }

  function verdict(c) {
    const good = c.passed + c.overkill, defective = c.escape + c.found;
    if (good + defective === 0) {
      const above = data.unknown.filter(isAnomalous).length;
      return `${above} of ${data.unknown.length} images lie at or above the threshold of ${shown(threshold)}; no label is known.`;
    }
    const parts = [];
    if (defective > 0) parts.push(`${c.found} of ${defective} defective images are found`);
    if (good > 0) parts.push(`${c.overkill} of ${good} good images are rejected`);
    return `At the threshold of ${shown(threshold)}, ${parts.join(" and ")}.`;
  }

  function showFigure(name, text) {
    const place = byId(`figure-${name}`);
    if (place) place.textContent = text;
  }

  function update() {
    const c = count();
    for (const kind of Object.keys(c)) byId(kind).textContent = c[kind];
    showFigure("precision", ratio(c.found, c.found + c.overkill).toFixed(3));
    showFigure("recall", ratio(c.found, c.found + c.escape).toFixed(3));
    showFigure("f1", ratio(2 * c.found, 2 * c.found + c.overkill + c.escape).toFixed(3));
    showFigure("overkill", `${(100 * ratio(c.overkill, c.passed + c.overkill)).toFixed(1)} %`);
    showFigure("escape", `${(100 * ratio(c.escape, c.found + c.escape)).toFixed(1)} %`);
    byId("verdict").textContent = verdict(c);
    byId("verdict").className = c.passed + c.found + c.overkill + c.escape === 0 ? "" : c.overkill + c.escape > 0 ? "wrong" : "right";
    line.style.left = `${100 * threshold / maximum}%`;
    line.setAttribute("aria-valuenow", shown(threshold));
    line.firstElementChild.textContent = shown(threshold);

    // Thousands of cards are moved when the threshold rests.
    clearTimeout(pending);
    pending = setTimeout(arrange, cards.length > 500 ? 150 : 0);
  }

  function arrange() {
    const group = byId("by-class").value, wanted = byId("by-outcome").value, order = byId("by-order").value;
    let visible = 0;
    for (const card of cards) {
      card.kind = outcome(card.score, card.label);
      card.distance = Math.abs(card.score - threshold);
      card.element.className = `card ${card.kind}`;
      card.element.querySelector(".outcome").textContent = words[card.kind];
      const matches = (group === "" || card.group === group)
        && (wanted === "" || card.kind === wanted || (wanted === "wrong" && isWrong(card.kind)));
      card.element.hidden = !matches;
      visible += matches ? 1 : 0;
    }
    const comparisons = {
      wrong: (a, b) => isWrong(b.kind) - isWrong(a.kind) || (isWrong(a.kind) ? b.distance - a.distance : a.distance - b.distance),
      close: (a, b) => a.distance - b.distance,
      score: (a, b) => b.score - a.score,
    };
    gallery.append(...cards.sort(comparisons[order]).map(card => card.element));
    byId("shown").textContent = `${visible} of ${cards.length} images`;
  }

  function moveTo(value) {
    threshold = Math.min(maximum, Math.max(0, value));
    update();
  }

  // Tenths, so that dragging gives numbers that can be said.
  const toTenths = value => Math.round(value * 10) / 10;
  function drag(event) {
    const box = chart.getBoundingClientRect();
    moveTo(toTenths((event.clientX - box.left) / box.width * maximum));
  }

  chart.addEventListener("pointerdown", event => {
    chart.setPointerCapture(event.pointerId);
    line.focus();
    event.preventDefault();
    drag(event);
  });
  chart.addEventListener("pointermove", event => {
    if (chart.hasPointerCapture(event.pointerId)) drag(event);
  });
  line.addEventListener("keydown", event => {
    const step = event.shiftKey ? 0.1 : 1;
    const target = {
      ArrowLeft: threshold - step, ArrowDown: threshold - step, ArrowRight: threshold + step, ArrowUp: threshold + step,
      PageDown: threshold - 10, PageUp: threshold + 10, Home: 0, End: maximum,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    moveTo(toTenths(target));
  });
  byId("reset").addEventListener("click", () => moveTo(data.threshold));
  for (const id of ["by-class", "by-outcome", "by-order"]) byId(id).addEventListener("change", arrange);

  line.tabIndex = 0;
  for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
  update();
  arrange();
})();
