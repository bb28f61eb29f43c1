"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const chart = byId("chart"), gallery = byId("gallery"), svg = chart.querySelector("svg");
  const maximum = Number(chart.dataset.maximum), bins = svg.viewBox.baseVal.width;
  const words = {
    passed: "passed rightly", overkill: "overkill: a good part rejected", escape: "escape: a defect passed", found: "found",
    review: "for a person to decide", unknown: "no label",
  };
  const cards = [...gallery.children].map(element => ({
    element, score: Number(element.dataset.score), raw: Number(element.dataset.raw), own: Number(element.dataset.own ?? element.dataset.score),
    label: element.dataset.label, group: element.dataset.class,
  }));
  const byRaw = [...cards].sort((a, b) => (a.raw > b.raw) - (a.raw < b.raw));
  for (const kind of ["good", "defective", "unknown"]) data[kind] = Float64Array.from(data[kind]).sort();

  // A line lies above 0, as every limit of the library: what reads 0 passes. All else can be told apart.
  const least = cards.reduce((lowest, card) => card.score > 0 ? Math.min(lowest, card.score) : lowest, Math.min(0.1, data.threshold));
  const lines = { threshold: byId("threshold"), review: byId("review") };

  // From the review line to the threshold a person decides; without a band both are one.
  const at = { threshold: data.threshold, review: data.threshold };
  let hasReview = false, low = 0, high = maximum, pending = 0;

  // The decision of the library: at or above the threshold, rounded to the type of the scores, is anomalous.
  const isAbove = (score, line) => score >= Math.fround(line);
  const isRejected = score => isAbove(score, at.threshold);
  const isReviewed = score => hasReview && !isRejected(score) && isAbove(score, at.review);
  const outcome = (score, label) => label === "" ? "unknown" : isReviewed(score) ? "review"
    : label === "1" ? (isRejected(score) ? "found" : "escape") : (isRejected(score) ? "overkill" : "passed");
  const isWrong = kind => kind === "overkill" || kind === "escape";
  const shown = value => String(Math.round(value * 1000) / 1000);
  const ratio = (part, whole) => whole === 0 ? 0 : part / whole;
  const place = value => 100 * (value - low) / (high - low);

  // The first of so many in ascending order from which on something holds.
  function firstOf(length, holds) {
    let first = 0, end = length;
    while (first < end) {
      const middle = (first + end) >> 1;
      if (holds(middle)) end = middle;
      else first = middle + 1;
    }
    return first;
  }

  function count() {
    const below = (scores, line) => firstOf(scores.length, i => isAbove(scores[i], line));
    const { good, defective } = data;
    const passed = below(good, at.review), escape = below(defective, at.review);
    const notRejected = below(good, at.threshold), notFound = below(defective, at.threshold);
    return {
      passed, overkill: good.length - notRejected, escape, found: defective.length - notFound,
      reviewGood: notRejected - passed, reviewDefective: notFound - escape,
    };
  }

  function verdict(c) {
    const good = data.good.length, defective = data.defective.length;
    if (good + defective === 0) {
      const above = data.unknown.filter(isRejected).length;
      return `${above} of ${data.unknown.length} images lie at or above the threshold of ${shown(at.threshold)}; no label is known.`;
    }
    const parts = [];
    if (defective > 0) parts.push(`${c.found} of ${defective} defective images are found`);
    if (good > 0) parts.push(`${c.overkill} of ${good} good images are rejected`);
    if (hasReview) parts.push(`${c.reviewGood + c.reviewDefective} are looked at`);
    return `At the threshold of ${shown(at.threshold)}, ${parts.join(" and ")}.`;
  }

  function showFigure(name, text) {
    const place = byId(`figure-${name}`);
    if (place) place.textContent = text;
  }

  function showLine(name) {
    const line = lines[name];
    line.style.left = `${Math.min(100, Math.max(0, place(at[name])))}%`;
    line.setAttribute("aria-valuenow", shown(at[name]));
    line.firstElementChild.textContent = shown(at[name]);
  }

  function update() {
    const c = count();
    for (const kind of ["passed", "overkill", "escape", "found"]) byId(kind).textContent = c[kind];
    byId("review-good").textContent = c.reviewGood;
    byId("review-defective").textContent = c.reviewDefective;
    showFigure("precision", ratio(c.found, c.found + c.overkill).toFixed(3));
    showFigure("recall", ratio(c.found, data.defective.length).toFixed(3));
    showFigure("f1", ratio(2 * c.found, c.found + c.overkill + data.defective.length).toFixed(3));
    showFigure("overkill", `${(100 * ratio(c.overkill, data.good.length)).toFixed(1)} %`);
    showFigure("escape", `${(100 * ratio(c.escape, data.defective.length)).toFixed(1)} %`);
    byId("verdict").textContent = verdict(c);
    byId("verdict").className = data.good.length + data.defective.length === 0 ? "" : c.overkill + c.escape > 0 ? "wrong" : "right";
    showLine("threshold");
    showLine("review");
    showCost(c);
    byId("line").textContent = line();

    // Thousands of cards are moved when the threshold rests.
    clearTimeout(pending);
    pending = setTimeout(arrange, cards.length > 500 ? 150 : 0);
  }

  // What is expected of 1,000 parts: the rates of the labelled images, weighted by the share of defects that will come.
  const number = id => Math.max(0, Number(byId(id).value) || 0);
  function costOf(c) {
    const defects = Math.min(1000, number("prevalence")), good = 1000 - defects;
    const reviews = good * ratio(c.reviewGood, data.good.length) + defects * ratio(c.reviewDefective, data.defective.length);
    const cost = good * ratio(c.overkill, data.good.length) * number("cost-overkill")
      + defects * ratio(c.escape, data.defective.length) * number("cost-escape") + reviews * number("cost-review");
    return { cost, reviews };
  }

  function showCost(c) {
    const { cost, reviews } = costOf(c);
    byId("cost").textContent = `1,000 parts cost ${shown(cost)}` + (hasReview ? `, and ${shown(reviews)} of them are looked at.` : ".");
  }

  // Costs change at scores alone; the threshold goes midway between the best one and the next below it. No line rejects what reads 0, or
  // passes what reads the highest score of the scale.
  function cheapest() {
    const scores = [...new Set([...data.good, ...data.defective])].sort((a, b) => b - a);
    const rank = new Map(scores.map((score, i) => [score, i]));
    const good = new Array(scores.length + 1).fill(0), defective = good.slice();
    for (const score of data.good) good[rank.get(score) + 1]++;
    for (const score of data.defective) defective[rank.get(score) + 1]++;
    let best = 0, lowestCost = Infinity, overkill = 0, found = 0;
    for (let i = 0; i <= scores.length; i++) {
      overkill += good[i];
      found += defective[i];
      const { cost } = costOf({ overkill, escape: data.defective.length - found, reviewGood: 0, reviewDefective: 0 });
      if (cost < lowestCost && (i === 0 ? !(scores[0] >= maximum) : scores[i - 1] > 0)) [best, lowestCost] = [i, cost];
    }
    const lowest = best === 0 ? maximum : scores[best - 1], below = best < scores.length ? scores[best] : 0;
    const middle = toTenths((lowest + below) / 2);
    return isAbove(lowest, middle) && !isAbove(below, middle) ? middle : lowest;
  }

  // The next number of the type of the scores.
  function next(score) {
    const single = new Float32Array([score + 0]);
    new Int32Array(single.buffer)[0] += score < 0 ? -1 : 1;
    return single[0];
  }

  // A limit for the raw scores, or for those of the model's own scale, that decides every image as a line does: the given one or, where
  // rounding would have it otherwise, the lowest number at or above the line; where there is none, the next above all that lie below.
  function settle(limit, line, kind) {
    const i = firstOf(byRaw.length, k => isAbove(byRaw[k].score, line)), rounded = Math.fround(limit);
    const above = i < byRaw.length ? byRaw[i][kind] : Infinity, below = i > 0 ? byRaw[i - 1][kind] : -Infinity;
    return below < rounded && rounded <= above ? limit : above < Infinity ? above : next(below);
  }

  // The raw score at the threshold, as the library has it.
  function raw() {
    const t = at.threshold, training = data.image;
    return settle(t === 100 ? training : training > 0 ? t / 100 * training : training === 0 ? t / 100 - 1 : (200 - t) / 100 * training, t, "raw");
  }

  function band() {
    const from = settle(at.review, at.review, "own");
    return { review_from: from, review_to: Math.min(1000, Math.max(from, settle(at.threshold, at.threshold, "own"))) };
  }

  // One threshold for both stays one. In place of the model's own thresholds, and of no others: the library then finds these beside that model, and not beside another.
  function kept() {
    const replaced = { replaced_image_threshold: data.modelImage, replaced_pixel_threshold: data.modelPixel };
    return hasReview
      ? { image_threshold: data.image, pixel_threshold: data.pixel, ...replaced, ...band() }
      : { image_threshold: raw(), pixel_threshold: data.pixel === data.image ? raw() : data.pixel, ...replaced };
  }

  function line() {
    // More digits than a whole number of C# may have.
    const literal = value => Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : value;
    const k = kept(), thresholds = `new AnomalyThresholds(Image: ${literal(k.image_threshold)}, Pixel: ${literal(k.pixel_threshold)})`;
    return hasReview
      ? `mlContext.Transforms.NormalizeAnomaly(${thresholds}, new() { ReviewBand = new(${k.review_from}, ${k.review_to}) })`
      : `mlContext.Transforms.NormalizeAnomaly(${thresholds})`;
  }

  function keep() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(kept(), null, 2) + "\n"], { type: "application/json" }));
    link.download = "model.json";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function draw() {
    svg.querySelectorAll("rect").forEach(bar => bar.remove());
    for (const [kind, scores] of [["good", data.good], ["defect", data.defective]]) {
      const counts = new Array(bins).fill(0);
      for (const score of scores) {
        if (score >= low && score <= high) counts[Math.min(bins - 1, Math.floor((score - low) / (high - low) * bins))]++;
      }
      const largest = Math.max(1, ...counts);
      counts.forEach((n, i) => {
        if (n === 0) return;
        const bar = document.createElementNS(svg.namespaceURI, "rect"), height = 95 * n / largest;
        for (const [name, value] of Object.entries({
          class: kind, x: i + 0.05, width: 0.9, y: kind === "good" ? 100 - height : 100, height,
        })) bar.setAttribute(name, value);
        svg.prepend(bar);
      });
    }
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200].find(size => (high - low) / size <= 8) ?? 500;
    byId("ticks").replaceChildren(...Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step).filter(value => value >= low).map(value => {
      const tick = document.createElement("span");
      tick.style.left = `${place(value)}%`;
      tick.textContent = shown(value);
      return tick;
    }));
  }

  // Around the threshold, so that it stays where it is looked for.
  function zoom(factor) {
    const width = Math.min(maximum, Math.max(5, (high - low) * factor));
    low = Math.min(Math.max(0, at.threshold - (at.threshold - low) * width / (high - low)), maximum - width);
    high = low + width;
    if (at.threshold < low || at.threshold > high) [low, high] = [Math.max(0, at.threshold - width / 2), Math.min(maximum, at.threshold + width / 2)];
    draw();
    update();
  }

  function arrange() {
    const group = byId("by-class").value, wanted = byId("by-outcome").value, order = byId("by-order").value;
    const classes = new Map();
    let visible = 0;
    for (const card of cards) {
      card.kind = outcome(card.score, card.label);
      card.distance = Math.abs(card.score - at.threshold);
      card.element.className = `card ${card.kind}`;
      card.element.querySelector(".outcome").textContent = words[card.kind];
      const matches = (group === "" || card.group === group)
        && (wanted === "" || card.kind === wanted || (wanted === "wrong" && isWrong(card.kind)));
      card.element.hidden = !matches;
      visible += matches ? 1 : 0;
      if (!classes.has(card.group)) classes.set(card.group, [0, 0, 0]);
      classes.get(card.group)[isRejected(card.score) ? 2 : isReviewed(card.score) ? 1 : 0]++;
    }
    const comparisons = {
      wrong: (a, b) => isWrong(b.kind) - isWrong(a.kind) || (isWrong(a.kind) ? b.distance - a.distance : a.distance - b.distance),
      close: (a, b) => a.distance - b.distance,
      score: (a, b) => b.score - a.score,
    };
    gallery.append(...cards.sort(comparisons[order]).map(card => card.element));
    byId("shown").textContent = `${visible} of ${cards.length} images`;
    byId("by-class-table").tBodies[0].replaceChildren(...[...classes].sort(([a], [b]) => a < b ? -1 : 1).map(([name, counts]) => {
      const row = document.createElement("tr"), head = document.createElement("th");
      head.scope = "row";
      head.textContent = name === "" ? "(none)" : name;
      row.append(head, ...counts.map((n, i) => {
        const cell = document.createElement("td");
        cell.textContent = n;
        if (i === 1) [cell.className, cell.hidden] = ["with-review", !hasReview];
        return cell;
      }));
      return row;
    }));
  }

  function moveTo(name, value) {
    at[name] = Math.min(maximum, Math.max(least, value));
    if (!hasReview || (name === "threshold" ? at.review > at.threshold : at.threshold < at.review)) at.threshold = at.review = at[name];
    update();
  }

  // Tenths, so that dragging gives numbers that can be said.
  const toTenths = value => Math.round(value * 10) / 10;
  let dragged = "threshold";
  function drag(event) {
    const box = chart.getBoundingClientRect();
    moveTo(dragged, toTenths(low + (event.clientX - box.left) / box.width * (high - low)));
  }

  chart.addEventListener("pointerdown", event => {
    const box = chart.getBoundingClientRect(), value = low + (event.clientX - box.left) / box.width * (high - low);
    dragged = hasReview && Math.abs(value - at.review) < Math.abs(value - at.threshold) ? "review" : "threshold";
    chart.setPointerCapture(event.pointerId);
    lines[dragged].focus();
    event.preventDefault();
    drag(event);
  });
  chart.addEventListener("pointermove", event => {
    if (chart.hasPointerCapture(event.pointerId)) drag(event);
  });
  chart.addEventListener("wheel", event => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25);
  }, { passive: false });
  for (const name of Object.keys(lines)) {
    lines[name].addEventListener("keydown", event => {
      const step = event.shiftKey ? 0.1 : 1, value = at[name];
      const target = {
        ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step,
        PageDown: value - 10, PageUp: value + 10, Home: least, End: maximum,
      }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      moveTo(name, event.key === "Home" ? least : toTenths(target));
    });
    lines[name].tabIndex = 0;
    lines[name].setAttribute("aria-valuemin", shown(least));
  }
  byId("reset").addEventListener("click", () => moveTo("threshold", data.threshold));
  byId("zoom-in").addEventListener("click", () => zoom(0.5));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  byId("zoom-all").addEventListener("click", () => zoom(Infinity));
  byId("has-review").addEventListener("change", event => {
    hasReview = event.target.checked;
    at.review = hasReview ? Math.max(least, toTenths(at.threshold * 0.8)) : at.threshold;
    lines.review.hidden = !hasReview;
    for (const element of document.querySelectorAll(".with-review")) element.hidden = !hasReview;
    update();
  });
  byId("cheapest").addEventListener("click", () => moveTo("threshold", cheapest()));
  byId("keep").addEventListener("click", keep);
  for (const id of ["cost-overkill", "cost-escape", "cost-review", "prevalence"]) byId(id).addEventListener("input", update);
  for (const id of ["by-class", "by-outcome", "by-order"]) byId(id).addEventListener("change", arrange);

  for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
  update();
  arrange();
})();
