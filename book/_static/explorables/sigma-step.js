// Chapter 01: one gradient step from any standard deviation, taken by three people.
(() => {
  "use strict";

  // Mathematics. The model is N(0, sigma²), the objective the mean log-likelihood of Michelson's residuals,
  // of which only the mean square matters. The unit is 1000 km/s.
  const MEAN_SQUARE = 0.00618024;
  const CHARTS = {
    std: { to: (sigma) => sigma, from: (theta) => theta, slope: () => 1 },
    variance: { to: (sigma) => sigma ** 2, from: Math.sqrt, slope: (sigma) => 2 * sigma },
    "log-std": { to: Math.log, from: Math.exp, slope: (sigma) => 1 / sigma },
  };

  function value(sigma) {
    return -Math.log(sigma) - MEAN_SQUARE / (2 * sigma ** 2) - Math.log(2 * Math.PI) / 2;
  }

  // df/dtheta in a chart theta = h(sigma): df/dsigma divided by h'(sigma).
  function gradient(chart, sigma) {
    return (MEAN_SQUARE - sigma ** 2) / sigma ** 3 / CHARTS[chart].slope(sigma);
  }

  // The standard deviation after one step, or null where the coordinate names no distribution.
  function step(chart, sigma, alpha) {
    const theta = CHARTS[chart].to(sigma) + alpha * gradient(chart, sigma);
    return chart === "log-std" || theta > 0 ? CHARTS[chart].from(theta) : null;
  }

  // Drawing.
  const PEOPLE = [
    ["std", "Alice (σ)", "blue", 0],
    ["variance", "Bob (σ²)", "orange", -0.27],
    ["log-std", "Carol (log σ)", "green", -0.54],
  ];
  const [LOW, HIGH] = [0.03, 0.3]; // what is drawn, and where one may start
  const kms = (sigma) => `${explorables.digits(1000 * sigma)} km/s`;

  function draw(figure) {
    const [board] = figure.boards;
    const grid = explorables.grid(0.032, HIGH, 200);
    figure.line(board, () => grid.map((sigma) => [sigma, value(sigma)]), { colour: "grey" });
    const best = Math.sqrt(MEAN_SQUARE);
    figure.line(board, () => [[best, -0.7], [best, value(best)]], { colour: "grey", width: 1, dash: 2 });
    figure.line(board, () => [[figure.now.sigma, -0.7], [figure.now.sigma, value(figure.now.sigma)]], { width: 1 });
    for (const [chart, who, colour, height] of PEOPLE) {
      const landed = () => step(chart, figure.now.sigma, figure.now.alpha);
      const seen = () => Math.min(landed() ?? 0, HIGH);
      figure.arrow(board, () => [figure.now.sigma, height], () => [seen(), height], { colour, width: 3 });
      figure.mark(board, () => landed() !== null && landed() <= HIGH && [landed(), value(landed())], { colour });
      figure.mark(board, () => (landed() === null ? [0, height] : null), { colour, face: "x", size: 6 });
      figure.text(board, () => [HIGH, height + 0.09], () => who, { colour, anchorX: "right" });
    }
    figure.handle(
      board,
      () => [figure.now.sigma, value(figure.now.sigma)],
      (sigma) => figure.set({ sigma }),
    );
  }

  function read({ sigma, alpha }) {
    const lines = PEOPLE.map(([chart, who, colour]) => {
      const landed = step(chart, sigma, alpha);
      return [colour, `${who}: ${landed === null ? "leaves the model, the variance would be negative" : kms(landed)}`];
    });
    return [[null, `One step from σ = ${kms(sigma)}; the best fit is ${kms(Math.sqrt(MEAN_SQUARE))}.`], ...lines];
  }

  explorables.add("sigma-step", {
    mathematics: { MEAN_SQUARE, value, gradient, step },
    boards: [
      {
        label: "The objective over sigma, with one arrow for each learner's next step; the numbers follow below",
        x: { from: 0, to: HIGH, label: "standard deviation σ (km/s)", ticks: [[0], [0.1, "100"], [0.2, "200"], [0.3, "300"]] },
        y: { from: -0.7, to: 1.4, label: "mean log-likelihood", ticks: [[-0.5, "−0.5"], [0], [0.5], [1]] },
      },
    ],
    controls: [
      { name: "sigma", label: "from σ", min: LOW, max: HIGH, step: 0.0005, value: 0.2, show: kms },
      { name: "alpha", label: "learning rate α", min: 0.0005, max: 0.01, step: 0.0005, value: 0.003, show: (a) => a.toFixed(4) },
    ],
    draw,
    read,
  });
})();
