// Chapter 10: conjugate gradients step by step, eigenvalue by eigenvalue, with damping.
(() => {
  "use strict";

  // Mathematics. F is diagonal with twelve eigenvalues between 1/kappa and 1, equally spaced on a log scale; the
  // gradient has the square roots of the eigenvalues as entries.
  const SIZE = 12;

  function spectrum(kappa) {
    return Array.from({ length: SIZE }, (_, k) => kappa ** (k / (SIZE - 1) - 1));
  }

  const dot = (x, y) => x.reduce((sum, entry, k) => sum + entry * y[k], 0);

  // The iterate after a number of steps on (F + lambda I) x = g, from 0.
  function iterate(kappa, lambda, steps) {
    const A = spectrum(kappa).map((eigenvalue) => eigenvalue + lambda);
    let x = A.map(() => 0);
    let r = spectrum(kappa).map(Math.sqrt);
    let p = r;
    for (let k = 0; k < steps; k++) {
      const image = p.map((entry, i) => A[i] * entry);
      const alpha = dot(r, r) / dot(p, image);
      const next = r.map((entry, i) => entry - alpha * image[i]);
      const beta = dot(next, next) / dot(r, r);
      x = x.map((entry, i) => entry + alpha * p[i]);
      p = next.map((entry, i) => entry + beta * p[i]);
      r = next;
    }
    return x;
  }

  // The part of the natural gradient F⁻¹g that x holds, eigenvalue by eigenvalue: 1 is all of it.
  function shares(kappa, x) {
    return spectrum(kappa).map((eigenvalue, k) => x[k] * Math.sqrt(eigenvalue));
  }

  function residual(kappa, lambda, x) {
    const g = spectrum(kappa).map(Math.sqrt);
    const rest = spectrum(kappa).map((eigenvalue, k) => g[k] - (eigenvalue + lambda) * x[k]);
    return Math.sqrt(dot(rest, rest) / dot(g, g));
  }

  // The error in the energy norm, relative to that of 0; the target is the damped solution.
  function energy(kappa, lambda, x) {
    const A = spectrum(kappa).map((eigenvalue) => eigenvalue + lambda);
    const exact = A.map((entry, k) => Math.sqrt(spectrum(kappa)[k]) / entry);
    const size = (v) => v.reduce((sum, entry, k) => sum + A[k] * entry * entry, 0);
    return Math.sqrt(size(x.map((entry, k) => entry - exact[k])) / size(exact));
  }

  // The angle between x and F⁻¹g in the Fisher metric, in degrees. In the coordinates F^(1/2) x the metric is the
  // identity and F⁻¹g has all entries 1.
  function angle(kappa, x) {
    const u = spectrum(kappa).map((eigenvalue, k) => Math.sqrt(eigenvalue) * x[k]);
    const mean = u.reduce((sum, entry) => sum + entry, 0) / SIZE;
    const rest = u.map((entry) => entry - mean);
    return (Math.atan2(Math.sqrt(dot(rest, rest)), mean * Math.sqrt(SIZE)) * 180) / Math.PI;
  }

  // Drawing, over log10 of the eigenvalue.
  const [LEFT, TOP] = [-4, 1.75];
  const of = ({ kappa, lambda, steps }) => iterate(10 ** kappa, 10 ** lambda, steps);
  const seen = (state) => (share, k) => [Math.log10(spectrum(10 ** state.kappa)[k]), share];

  function draw(figure) {
    const [board] = figure.boards;
    const iterates = (back) => () => {
      const state = { ...figure.now, steps: Math.max(0, figure.now.steps - back) };
      return shares(10 ** state.kappa, of(state)).map(seen(state));
    };
    const limit = (at) => 1 / (1 + 10 ** (figure.now.lambda - at));
    figure.line(board, () => [[LEFT, 1], [0, 1]], { colour: "grey", width: 1 });
    figure.text(board, () => [LEFT + 0.05, 1.03], () => "natural gradient", { colour: "grey", anchorY: "bottom" });
    figure.line(board, () => explorables.grid(LEFT, 0, 120).map((at) => [at, limit(at)]), { colour: "green", dash: 2 });
    figure.line(board, iterates(1), { colour: "orange", width: 1 });
    figure.line(board, iterates(0), { colour: "blue", width: 3 });
    for (let k = 0; k < SIZE; k++) figure.mark(board, () => iterates(0)()[k], { colour: "blue" });
    figure.handle(board, () => [figure.now.lambda, 0.5], (lambda) => figure.set({ lambda }), { colour: "green" });
  }

  function read(state) {
    const { kappa, lambda, steps } = state;
    const x = of(state);
    const [cut, show] = [[10 ** kappa, 10 ** lambda, x], explorables.digits];
    return [
      ["blue", `After ${steps} steps: residual ${show(residual(...cut))}, energy error ${show(energy(...cut))}`],
      ["green", `The limit with damping λ = ${show(10 ** lambda)}: half of the natural gradient is left at the eigenvalue λ`],
      [null, `Angle to the natural gradient, in the Fisher metric: ${show(angle(10 ** kappa, x))}°`],
    ];
  }

  const power = (exponent) => explorables.digits(10 ** exponent);
  explorables.add("cg-damping", {
    mathematics: { spectrum, iterate, shares, residual, energy, angle },
    boards: [
      {
        label: "The part of the natural gradient that is found, over the eigenvalues; the numbers follow below",
        ratio: 1.45,
        x: { from: LEFT, to: 0, label: "eigenvalue of F", ticks: [[-4, "10⁻⁴"], [-3, "10⁻³"], [-2, "10⁻²"], [-1, "0.1"], [0, "1"]] },
        y: { from: 0, to: TOP, label: "part of the natural gradient that is found", ticks: [[0], [0.5], [1], [1.5]] },
      },
    ],
    controls: [
      { name: "steps", label: "CG steps", min: 1, max: SIZE, step: 1, value: 3 },
      { name: "lambda", label: "damping λ", min: LEFT, max: 0, step: 0.1, value: -2.5, show: power },
      { name: "kappa", label: "condition number", min: 0.5, max: 4, step: 0.1, value: 3, show: power },
    ],
    draw,
    read,
  });
})();
