// What every explorable shares: controls, read-out, boards and colours.
//
// explorables.add(name, {mathematics, controls, boards, draw, read}) describes one. Controls are native inputs and
// hold the state; a handle that is dragged writes to the same inputs. JSXGraph is fetched from beside this file when
// the first explorable comes near the window; nothing else is ever asked for.
const explorables = (() => {
  "use strict";
  const known = {};
  const home = document.currentScript.src.replace(/explorables\/[^/]*$/, ""); // book/_static/ as it is served
  const COLOURS = ["ink", "grey", "faint", "blue", "orange", "green", "red", "purple"];
  let library; // the promise of JSXGraph

  function load() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${home}jsxgraph/jsxgraphcore.js`;
      script.onload = resolve;
      script.onerror = () => reject(new Error("jsxgraphcore.js is not there"));
      document.head.append(script);
    });
    return library;
  }

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--explorable-${name}`).trim()]));
  }

  // One native input with its label; returns it with `read()` and `write(value)`.
  function control(spec) {
    const input = spec.options
      ? element("select", {}, ...spec.options.map(([value, text]) => element("option", { value, textContent: text })))
      : element("input", { type: "range", min: spec.min, max: spec.max, step: spec.step });
    input.name = spec.name;
    const shown = element("span", { className: "shown" });
    const label = element("label", {}, element("span", { className: "name", textContent: spec.label }));
    label.append(shown, input); // beside a menu the span stays empty and keeps the grid
    const show = spec.show ?? String;
    const update = () => {
      if (spec.options) return;
      shown.textContent = show(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    const write = (value) => {
      input.value = value; // a range clamps it and takes the nearest step
      update();
    };
    write(spec.value);
    return { input, label, write, read: () => (spec.options ? input.value : Number(input.value)), update };
  }

  class Explorable {
    constructor(figure, spec) {
      Object.assign(this, { figure, spec, boards: [], handles: [] });
      this.controls = Object.fromEntries(spec.controls.map((one) => [one.name, control(one)]));
      this.read = element("output", { className: "explorable-read" });
      this.read.setAttribute("aria-live", "polite");
      this.frame = element("div", { className: "explorable-boards" });
      for (const board of spec.boards) {
        const box = element("div", { className: "explorable-board" });
        box.style.aspectRatio = board.ratio ?? 1.4;
        this.frame.append(box);
      }
      const inputs = element("div", { className: "explorable-controls", role: "group", ariaLabel: "Controls" });
      for (const { label, input, update } of Object.values(this.controls)) {
        inputs.append(label);
        input.addEventListener("input", () => {
          update();
          this.refresh();
        });
      }
      figure.querySelector(".explorable-live").replaceChildren(this.frame, inputs, this.read);
      figure.classList.add("live");
      this.refresh();
    }

    get state() {
      return Object.fromEntries(Object.entries(this.controls).map(([name, one]) => [name, one.read()]));
    }

    set(values) {
      for (const [name, value] of Object.entries(values)) this.controls[name].write(value);
      this.refresh();
    }

    refresh() {
      this.now = this.state;
      this.read.replaceChildren(
        ...this.spec.read(this.now).map(([colour, text]) => {
          const line = element("span", { textContent: text });
          if (colour) {
            line.dataset.colour = colour;
            line.style.setProperty("--colour", `var(--explorable-${colour})`);
          }
          return line;
        }),
      );
      for (const { point, at } of this.handles) point.setPositionDirectly(JXG.COORDS_BY_USER, at());
      for (const board of this.boards) board.update();
    }

    // Draw, or draw again in the colours of the theme.
    draw() {
      this.boards.forEach((board) => JXG.JSXGraph.freeBoard(board));
      this.handles = [];
      this.colours = colours();
      this.boards = this.spec.boards.map((board, place) => this.board(this.frame.children[place], board));
      this.spec.draw(this);
      this.refresh();
    }

    // A board with its two axes; `square`: one unit is as long on both; `bare`: no axes.
    board(box, { x, y, square, bare, label }) {
      const [left, right, top, bottom] = bare ? [0.02, 0.02, 0.02, 0.02] : [0.1, 0.03, 0.09, 0.15];
      const [width, height] = [(x.to - x.from) / (1 - left - right), (y.to - y.from) / (1 - top - bottom)];
      const board = JXG.JSXGraph.initBoard(box, {
        boundingbox: [x.from - left * width, y.to + top * height, x.to + right * width, y.from - bottom * height],
        keepaspectratio: Boolean(square),
        axis: false,
        showCopyright: false,
        showNavigation: false,
        showInfobox: false,
        keyboard: { enabled: false }, // the inputs are the keyboard's way in
        pan: { enabled: false },
        zoom: { enabled: false },
      });
      Object.assign(box, { role: "img", ariaLabel: label }); // the library calls it a region
      if (bare) return board;
      const size = box.clientWidth < 400 ? 12 : 14;
      const text = (place, words, more = {}) => this.text(board, () => place, () => words, { fontSize: size, ...more });
      const rule = (from, to) => this.line(board, () => [from, to], { colour: "grey", width: 1 });
      rule([x.from, y.from], [x.to, y.from]);
      rule([x.from, y.from], [x.from, y.to]);
      for (const [at, words = String(at)] of x.ticks) {
        rule([at, y.from], [at, y.from - 0.015 * height]);
        text([at, y.from - 0.02 * height], words, { anchorX: "middle", anchorY: "top", fontSize: size - 1 });
      }
      for (const [at, words = String(at)] of y.ticks) {
        rule([x.from, at], [x.from - 0.01 * width, at]);
        text([x.from - 0.015 * width, at], words, { anchorX: "right", fontSize: size - 1 });
      }
      text([x.to, y.from - 0.085 * height], x.label, { anchorX: "right", anchorY: "top" });
      text([x.from - 0.09 * width, y.to + 0.08 * height], y.label, { anchorX: "left", anchorY: "top" });
      return board;
    }

    // Everything drawn follows the state: places are functions, and null is nowhere.
    line(board, path, { colour = "ink", width = 2, dash = 0, fill, opacity = 1, ...more } = {}) {
      const curve = board.create("curve", [[], []], {
        strokeColor: this.colours[colour],
        strokeWidth: width,
        strokeOpacity: opacity,
        dash,
        fillColor: fill ? this.colours[fill] : "none",
        fillOpacity: fill ? 0.15 : 0,
        highlight: false,
        fixed: true,
        layer: 5,
        ...more,
      });
      curve.updateDataArray = () => {
        const points = (path() ?? []).map((place) => place ?? [NaN, NaN]);
        curve.dataX = points.map((place) => place[0]);
        curve.dataY = points.map((place) => place[1]);
      };
      return curve;
    }

    arrow(board, from, to, style = {}) {
      return this.line(board, () => (from() && to() ? [from(), to()] : []), {
        lastArrow: { type: 1, size: 4 },
        ...style,
      });
    }

    mark(board, at, { colour = "ink", size = 4, face = "o", ...more } = {}) {
      const place = (k) => () => at()?.[k] ?? NaN;
      return board.create("point", [place(0), place(1)], {
        withLabel: false,
        fillColor: this.colours[colour],
        strokeColor: this.colours[colour],
        strokeWidth: face === "x" ? 3 : 1,
        size,
        face,
        highlight: false,
        fixed: true,
        ...more,
      });
    }

    // A point to take hold of; `moved(x, y)` is told where it was taken to and sets the state.
    handle(board, at, moved, { colour = "ink" } = {}) {
      const point = board.create("point", at(), {
        withLabel: false,
        fillColor: this.colours[colour],
        strokeColor: this.colours[colour],
        strokeOpacity: 0.2,
        strokeWidth: 14,
        size: 5,
        highlight: false,
        layer: 9,
        cssClass: "handle",
        highlightCssClass: "handle",
        precision: { mouse: 12, pen: 14, touch: 16, touchMax: 16 }, // as far as the halo: handles may be close together
      });
      point.on("drag", () => moved(point.X(), point.Y()));
      this.handles.push({ point, at });
      return point;
    }

    text(board, at, words, { colour = "ink", fontSize, ...more } = {}) {
      const place = (k) => () => at()?.[k] ?? NaN;
      return board.create("text", [place(0), place(1), words], {
        display: "internal",
        parse: false,
        fontSize: fontSize ?? (board.containerObj.clientWidth < 400 ? 12 : 14),
        cssDefaultStyle: "font-family: system-ui, sans-serif",
        highlightCssDefaultStyle: "font-family: system-ui, sans-serif",
        strokeColor: this.colours[colour],
        highlight: false,
        fixed: true,
        ...more,
      });
    }
  }

  function start(figure) {
    const spec = known[figure.querySelector(".explorable-live").dataset.explorable];
    const made = new Explorable(figure, spec);
    const near = new IntersectionObserver(
      async (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        await load();
        made.draw();
        figure.dataset.drawn = "yes";
        new MutationObserver(() => made.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
      },
      { rootMargin: "800px" },
    );
    near.observe(figure);
    figure.explorable = made;
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.explorable").forEach(start));

  return {
    add: (name, spec) => (known[name] = spec),
    of: (name) => known[name],
    grid: (from, to, count) => Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1)),
    // A number as it is read: four significant digits, no exponent where it can be helped.
    digits: (value, count = 3) => (Number.isFinite(value) ? String(Number(value.toPrecision(count))).replace("-", "−") : "—"),
  };
})();
