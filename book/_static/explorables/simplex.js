// Chapter 12: three actions, and two flows on the triangle of their probabilities.
(() => {
  "use strict";

  // Mathematics. A softmax policy over three actions with rewards (1, middle, 0); the return is p'r.
  function rewards(middle) {
    return [1, middle, 0];
  }

  const dot = (x, y) => x.reduce((sum, entry, k) => sum + entry * y[k], 0);

  function expected(p, middle) {
    return dot(p, rewards(middle));
  }

  function softmax(logits) {
    const top = Math.max(...logits);
    const raised = logits.map((entry) => Math.exp(entry - top));
    const sum = raised.reduce((total, entry) => total + entry, 0);
    return raised.map((entry) => entry / sum);
  }

  // The natural flow, in closed form: every logit grows at the rate of its reward.
  function natural(start, middle, time) {
    return softmax(start.map((p, k) => Math.log(p) + time * rewards(middle)[k]));
  }

  // The policy gradient in the logits: p_k (r_k - p'r).
  function gradient(logits, middle) {
    const p = softmax(logits);
    return p.map((entry, k) => entry * (rewards(middle)[k] - expected(p, middle)));
  }

  // The gradient flow of the logits, by the classical Runge-Kutta method; the probabilities at `points` times.
  function vanilla(start, middle, time, points) {
    const [inner, path] = [Math.max(4, Math.ceil((20 * time) / points)), [start]];
    const h = time / (points - 1) / inner;
    let logits = start.map(Math.log);
    const moved = (by, slope) => logits.map((entry, k) => entry + by * slope[k]);
    for (let step = 1; step < points; step++) {
      for (let k = 0; k < inner; k++) {
        const a = gradient(logits, middle);
        const b = gradient(moved(h / 2, a), middle);
        const c = gradient(moved(h / 2, b), middle);
        const d = gradient(moved(h, c), middle);
        logits = logits.map((entry, i) => entry + (h / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
      }
      path.push(softmax(logits));
    }
    return path;
  }

  // Drawing. The best action is on top, the middle one on the left, the worst on the right.
  const CORNERS = [[0, Math.sqrt(3) / 2], [-0.5, 0], [0.5, 0]];
  const POINTS = 81;
  const place = (p) => [0, 1].map((axis) => dot(p, CORNERS.map((corner) => corner[axis])));
  const start = ({ best, rest }) => [best, (1 - best) * rest, (1 - best) * (1 - rest)];

  function draw(figure) {
    const [board] = figure.boards;
    let cache = [];
    const flow = () => {
      const key = JSON.stringify(figure.now);
      if (cache[0] !== key) cache = [key, vanilla(start(figure.now), figure.now.middle, figure.now.time, POINTS)];
      return cache[1];
    };
    const straight = () =>
      explorables.grid(0, figure.now.time, POINTS).map((time) => natural(start(figure.now), figure.now.middle, time));
    figure.line(board, () => [...CORNERS, CORNERS[0]], { colour: "grey", width: 1 });
    for (const level of explorables.grid(0.1, 0.9, 9)) {
      // where the return is constant: the line between two edges of the triangle
      const edge = ([i, j]) => {
        const r = rewards(figure.now.middle);
        const t = r[i] === r[j] ? NaN : (level - r[j]) / (r[i] - r[j]);
        return t >= 0 && t <= 1 ? place([0, 1, 2].map((k) => (k === i ? t : k === j ? 1 - t : 0))) : null;
      };
      figure.line(board, () => [[0, 1], [1, 2], [0, 2]].map(edge).filter(Boolean).slice(0, 2), { colour: "faint", width: 1 });
    }
    figure.line(board, () => flow().map(place), { colour: "red", width: 3, dash: 2 });
    figure.line(board, () => straight().map(place), { colour: "blue", width: 3 });
    figure.mark(board, () => place(flow().at(-1)), { colour: "red" });
    figure.mark(board, () => place(straight().at(-1)), { colour: "blue" });
    figure.text(board, () => [0.05, 0.87], () => "best, reward 1", { anchorX: "left" });
    figure.text(board, () => [-0.5, -0.03], () => `reward ${figure.now.middle}`, { anchorX: "left", anchorY: "top" });
    figure.text(board, () => [0.5, -0.03], () => "reward 0", { anchorX: "right", anchorY: "top" });
    figure.handle(
      board,
      () => place(start(figure.now)),
      (x, y) => {
        const best = y / CORNERS[0][1];
        figure.set({ best, rest: best < 1 ? 0.5 - x / (1 - best) : figure.now.rest });
      },
    );
  }

  function read(state) {
    const [p, { middle, time }, show] = [start(state), state, explorables.digits];
    const line = (name, end) => `${name} at time ${time}: return ${show(expected(end, middle))}, best action ${show(end[0])}`;
    return [
      [null, `Start: return ${show(expected(p, middle))}, probabilities ${p.map((entry) => show(entry)).join(", ")}`],
      ["red", line("Policy gradient flow", vanilla(p, middle, time, POINTS).at(-1))],
      ["blue", line("Natural gradient flow", natural(p, middle, time))],
    ];
  }

  explorables.add("simplex", {
    mathematics: { expected, natural, vanilla },
    boards: [
      {
        label: "Two flows on the triangle of the probabilities of three actions; their returns follow below",
        ratio: 1.2,
        square: true,
        bare: true,
        x: { from: -0.58, to: 0.58, ticks: [] },
        y: { from: -0.09, to: 0.92, ticks: [] },
      },
    ],
    controls: [
      { name: "best", label: "start: best action", min: 0.02, max: 0.9, step: 0.01, value: 0.05 },
      { name: "rest", label: "of the rest, middle", min: 0.02, max: 0.98, step: 0.01, value: 0.85 },
      { name: "middle", label: "reward of the middle", min: 0, max: 1, step: 0.05, value: 0.7 },
      { name: "time", label: "time", min: 1, max: 200, step: 1, value: 20 },
    ],
    draw,
    read,
  });
})();
