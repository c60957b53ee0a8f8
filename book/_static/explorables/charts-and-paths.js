// Chapter 07: gradient and natural gradient paths of one fit, in the parameterization of your choice.
(() => {
  "use strict";

  // Mathematics. The normal family; the objective is the expected log-likelihood of N(0, 1) data. A chart keeps the
  // mean and writes sigma as u = h(sigma).
  const CHARTS = {
    "mean-std": { to: (sigma) => sigma, from: (u) => u, slope: () => 1 },
    "mean-variance": { to: (sigma) => sigma ** 2, from: Math.sqrt, slope: (sigma) => 2 * sigma },
    "mean-log-std": { to: Math.log, from: Math.exp, slope: (sigma) => 1 / sigma },
    "mean-precision": { to: (sigma) => sigma ** -2, from: (u) => 1 / Math.sqrt(u), slope: (sigma) => -2 / sigma ** 3 },
  };

  // One step of size alpha from (mean, sigma): the new mean and the new u.
  function proposal(kind, chart, mean, sigma, alpha) {
    const { to, slope } = CHARTS[chart];
    const [byMean, bySigma] = [-mean / sigma ** 2, (1 + mean ** 2 - sigma ** 2) / sigma ** 3];
    if (kind === "gradient") return [mean + alpha * byMean, to(sigma) + (alpha * bySigma) / slope(sigma)];
    return [mean + alpha * sigma ** 2 * byMean, to(sigma) + (alpha * slope(sigma) * bySigma * sigma ** 2) / 2];
  }

  // The distributions (mean, sigma) of a run; it ends early where a step leaves the domain.
  function run(kind, chart, mean, sigma, alpha, steps) {
    const path = [[mean, sigma]];
    for (let k = 0; k < steps; k++) {
      const [next, u] = proposal(kind, chart, ...path[k], alpha);
      if (chart !== "mean-log-std" && u <= 0) break;
      path.push([next, CHARTS[chart].from(u)]);
    }
    return path;
  }

  // Drawing.
  const STEPS = 60;
  const KINDS = [["gradient", "red", "Gradient"], ["natural", "blue", "Natural gradient"]];
  const NAMES = { "mean-std": "σ", "mean-variance": "σ²", "mean-log-std": "log σ", "mean-precision": "1/σ²" };
  const [LEFT, RIGHT, TOP] = [-2.5, 2.5, 3];
  const seen = ([mean, sigma]) => (mean >= LEFT && mean <= RIGHT && sigma <= TOP ? [mean, sigma] : null);

  function draw(figure) {
    const [board] = figure.boards;
    const path = (kind, chart) => run(kind, chart, figure.now.mean, figure.now.sigma, figure.now.alpha, STEPS);
    for (const [kind, colour] of KINDS) {
      for (const chart of Object.keys(CHARTS)) {
        figure.line(board, () => path(kind, chart).map(seen), { colour, width: 1, opacity: 0.45 });
      }
      const chosen = () => path(kind, figure.now.chart);
      figure.line(board, () => chosen().map(seen), { colour, width: 3, dash: kind === "gradient" ? 2 : 0 });
      figure.mark(board, () => seen(chosen().at(-1)), { colour });
      const left = () => {
        const points = chosen();
        return points.length > STEPS ? null : points.at(-1);
      };
      figure.mark(board, () => left() && seen(left()), { colour, face: "x", size: 8 });
    }
    figure.mark(board, () => [0, 1], { face: "+", size: 7 });
    figure.text(board, () => [0.15, 0.9], () => "N(0, 1)", { anchorY: "top" });
    figure.handle(board, () => [figure.now.mean, figure.now.sigma], (mean, sigma) => figure.set({ mean, sigma }));
  }

  function read({ chart, mean, sigma, alpha }) {
    return KINDS.map(([kind, colour, name]) => {
      const path = run(kind, chart, mean, sigma, alpha, STEPS);
      const [mu, s] = path.at(-1).map((entry) => explorables.digits(entry));
      const where = path.length > STEPS ? `after ${STEPS} steps` : `leaves the model at step ${path.length}, last at`;
      return [colour, `${name} in ${NAMES[chart]}: ${where} μ = ${mu}, σ = ${s}`];
    });
  }

  explorables.add("charts-and-paths", {
    mathematics: { proposal, run },
    boards: [
      {
        label: "Paths of the gradient and of the natural gradient over mean and standard deviation; their ends follow below",
        ratio: 1.35,
        x: { from: LEFT, to: RIGHT, label: "mean μ", ticks: [[-2, "−2"], [0], [2]] },
        y: { from: 0, to: TOP, label: "standard deviation σ", ticks: [[0], [1], [2]] },
      },
    ],
    controls: [
      { name: "chart", label: "written as", options: Object.entries(NAMES), value: "mean-std" },
      { name: "alpha", label: "learning rate α", min: 0.02, max: 1, step: 0.02, value: 0.1, show: (a) => a.toFixed(2) },
      { name: "mean", label: "start at μ", min: -2.4, max: 2.4, step: 0.05, value: 2, show: (m) => explorables.digits(m) },
      { name: "sigma", label: "start at σ", min: 0.3, max: 2.8, step: 0.05, value: 2, show: (s) => explorables.digits(s) },
    ],
    draw,
    read,
  });
})();
