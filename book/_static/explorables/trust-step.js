// Chapter 13: one trust-region step, its true divergence, and the backtracking that mends it.
(() => {
  "use strict";

  // Mathematics. The model is N(0, sigma²), the objective the expected log-likelihood of N(0, 1) data; nats.
  const CHARTS = {
    std: { to: (sigma) => sigma, from: (u) => u, fisher: (sigma) => 2 / sigma ** 2 },
    variance: { to: (sigma) => sigma ** 2, from: Math.sqrt, fisher: (sigma) => 1 / (2 * sigma ** 4) },
    "log-std": { to: Math.log, from: Math.exp, fisher: () => 2 },
  };

  // The objective up to a constant: 0 is as good as it gets.
  function value(sigma) {
    return -Math.log(sigma) - 1 / (2 * sigma ** 2) + 1 / 2;
  }

  function kl(sigma0, sigma1) {
    return Math.log(sigma1 / sigma0) + sigma0 ** 2 / (2 * sigma1 ** 2) - 1 / 2;
  }

  // The standard deviation at a fraction of the full step, or null where there is no distribution. The full step
  // spends the budget delta in the quadratic model; with one parameter its direction is the sign of the gradient.
  function at(chart, sigma, delta, fraction) {
    const { to, from, fisher } = CHARTS[chart];
    const u = to(sigma) + fraction * Math.sign(1 - sigma) * Math.sqrt((2 * delta) / fisher(sigma));
    return chart === "log-std" || u > 0 ? from(u) : null;
  }

  // The first of the fractions 1, .8, .8², ... that keeps the true divergence within delta and improves the objective.
  function backtrack(chart, sigma, delta) {
    for (let tries = 0; tries < 10; tries++) {
      const there = at(chart, sigma, delta, 0.8 ** tries);
      if (there !== null && kl(sigma, there) <= delta && value(there) > value(sigma)) return tries;
    }
    return null;
  }

  // Drawing.
  const [RIGHT, TOP] = [1.1, 0.8];
  const NAMES = { std: "σ", variance: "σ²", "log-std": "log σ" };
  const chartOf = ({ chart, sigma, delta }) => [chart, sigma, delta];

  function draw(figure) {
    const [board] = figure.boards;
    const spent = (fraction) => {
      const there = at(...chartOf(figure.now), fraction);
      return there === null ? null : kl(figure.now.sigma, there);
    };
    const seen = (fraction, nats) => (nats === null || nats > TOP ? null : [fraction, nats]);
    const fractions = explorables.grid(0, RIGHT, 221);
    figure.line(board, () => [[0, figure.now.delta], [RIGHT, figure.now.delta]], { colour: "grey", dash: 2 });
    figure.text(board, () => [0.02, figure.now.delta + 0.01], () => "budget δ", { colour: "grey", anchorY: "bottom" });
    figure.line(board, () => fractions.map((s) => seen(s, figure.now.delta * s ** 2)), { colour: "blue" });
    figure.line(board, () => fractions.map((s) => seen(s, spent(s))), { colour: "orange", width: 3 });
    const exit = () => fractions.find((s) => at(...chartOf(figure.now), s) === null);
    figure.line(board, () => (exit() ? [[exit(), 0], [exit(), TOP]] : []), { colour: "red", dash: 2 });
    figure.text(board, () => exit() && [exit() + 0.01, 0.7], () => "no distribution", { colour: "red", anchorX: exit() > 0.8 ? "right" : "left" });
    for (let tries = 0; tries < 10; tries++) {
      const fraction = 0.8 ** tries;
      const taken = () => backtrack(...chartOf(figure.now));
      const tried = () => taken() === null || tries < taken();
      figure.mark(board, () => (tried() ? (seen(fraction, spent(fraction)) ?? [fraction, TOP]) : null), { colour: "red", face: "x", size: 5 });
      figure.mark(board, () => (taken() === tries ? seen(fraction, spent(fraction)) : null), { colour: "green", size: 6 });
    }
    figure.handle(board, () => [RIGHT, figure.now.delta], (_, delta) => figure.set({ delta }));
  }

  function read(state) {
    const [full, taken, show] = [at(...chartOf(state), 1), backtrack(...chartOf(state)), explorables.digits];
    const { chart, sigma, delta } = state;
    const first =
      full === null
        ? "leaves the model: the variance would not be positive"
        : `σ = ${show(full)}, KL(old‖new) = ${show(kl(sigma, full))} nats, ${show(kl(sigma, full) / delta)} times the budget`;
    const there = taken === null ? null : at(...chartOf(state), 0.8 ** taken);
    const last =
      taken === null
        ? "No fraction is accepted; the step is not taken"
        : `Accepted after ${taken} backtracks: σ = ${show(there)}, KL(old‖new) = ${show(kl(sigma, there))} nats, ` +
          `the objective rises by ${show(value(there) - value(sigma))}`;
    return [
      ["orange", `The full step in ${NAMES[chart]}: ${first}`],
      ["blue", `Its quadratic model: ${show(delta)} nats, the budget`],
      ["green", last],
    ];
  }

  explorables.add("trust-step", {
    mathematics: { value, kl, at, backtrack },
    boards: [
      {
        label: "The divergence along the step, its quadratic model and the fractions tried; the numbers follow below",
        ratio: 1.4,
        x: { from: 0, to: RIGHT, label: "fraction of the full step", ticks: [[0], [0.5], [1]] },
        y: { from: 0, to: TOP, label: "KL(old‖new), nats", ticks: [[0], [0.2], [0.4], [0.6], [0.8]] },
      },
    ],
    controls: [
      { name: "chart", label: "written as", options: Object.entries(NAMES), value: "variance" },
      { name: "sigma", label: "from σ", min: 0.3, max: 3, step: 0.05, value: 2, show: (s) => s.toFixed(2) },
      { name: "delta", label: "budget δ", min: 0.005, max: 0.5, step: 0.005, value: 0.12, show: (d) => `${d} nats` },
    ],
    draw,
    read,
  });
})();
