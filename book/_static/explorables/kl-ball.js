// Chapter 04: where the divergence from N(0, 1) is c, and the Fisher ellipse that stands for it.
(() => {
  "use strict";

  // Mathematics. The normal family in (mean, sigma), around mean 0 and sigma 1; nats.
  function kl(mean0, sigma0, mean1, sigma1) {
    return Math.log(sigma1 / sigma0) + (sigma0 ** 2 + (mean1 - mean0) ** 2) / (2 * sigma1 ** 2) - 1 / 2;
  }

  function divergence(direction, mean, sigma) {
    return direction === "old-new" ? kl(0, 1, mean, sigma) : kl(mean, sigma, 0, 1);
  }

  // The point at a Fisher length along a ray; equal angles are equal in the Fisher metric diag(1, 2).
  function along(angle, length) {
    return [length * Math.cos(angle), 1 + (length * Math.sin(angle)) / Math.SQRT2];
  }

  function ellipse(angle, c) {
    return along(angle, Math.sqrt(2 * c));
  }

  // The point on the ray where the divergence is c, by bisection: it increases along every ray.
  function level(direction, angle, c) {
    let [low, high] = [0, 1];
    const below = (length) => {
      const [mean, sigma] = along(angle, length);
      return sigma > 0 && divergence(direction, mean, sigma) < c;
    };
    while (below(high)) high *= 2;
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (below(middle)) low = middle;
      else high = middle;
    }
    return along(angle, low);
  }

  // Drawing.
  const TURN = explorables.grid(0, 2 * Math.PI, 181);
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const other = (direction) => (direction === "old-new" ? "new-old" : "old-new");
  const NAMES = { "old-new": "KL(old‖new)", "new-old": "KL(new‖old)" };

  function draw(figure) {
    const [board] = figure.boards;
    const ball = (direction) => () => TURN.map((angle) => level(direction(figure.now.direction), angle, figure.now.c));
    figure.line(board, ball(other), { colour: "orange", width: 1, dash: 2 });
    figure.line(board, ball((direction) => direction), { colour: "orange", width: 3 });
    figure.line(board, () => TURN.map((angle) => ellipse(angle, figure.now.c)), { colour: "blue", width: 2, fill: "blue" });
    figure.mark(board, () => [0, 1], { size: 3 });
    figure.text(board, () => [0.06, 1.03], () => "old", { anchorY: "bottom" });
    figure.handle(
      board,
      () => ellipse(radians(figure.now.angle), figure.now.c),
      (mean, sigma) => {
        const across = Math.SQRT2 * (sigma - 1);
        const angle = (Math.atan2(across, mean) * 180) / Math.PI;
        figure.set({ c: Math.hypot(mean, across) ** 2 / 2, angle: (angle + 360) % 360 });
      },
      { colour: "blue" },
    );
  }

  function read({ c, angle, direction }) {
    const point = ellipse(radians(angle), c);
    const around = TURN.map((turn) => divergence(direction, ...ellipse(turn, c)));
    const nats = (value) => `${explorables.digits(value)} nats`;
    return [
      ["blue", `The ellipse ½ΔᵀFΔ = ${nats(c)}; at the handle KL(old‖new) = ${nats(kl(0, 1, ...point))}, KL(new‖old) = ${nats(kl(...point, 0, 1))}`],
      ["orange", `${NAMES[direction]} = ${nats(c)}, thick; the other direction dashed`],
      [null, `Around the ellipse ${NAMES[direction]} runs from ${nats(Math.min(...around))} to ${nats(Math.max(...around))}`],
    ];
  }

  explorables.add("kl-ball", {
    mathematics: { kl, divergence, ellipse, level },
    boards: [
      {
        label: "The Fisher ellipse and the level sets of the divergence around N(0, 1); the numbers follow below",
        ratio: 1.21,
        square: true,
        x: { from: -1.8, to: 1.8, label: "mean μ", ticks: [[-1, "−1"], [0], [1]] },
        y: { from: 0, to: 2.6, label: "standard deviation σ", ticks: [[0], [1], [2]] },
      },
    ],
    controls: [
      { name: "c", label: "size c", min: 0.005, max: 0.49, step: 0.005, value: 0.2, show: (c) => `${c} nats` },
      { name: "angle", label: "handle at", min: 0, max: 359, step: 1, value: 270, show: (angle) => `${angle}°` },
      {
        name: "direction",
        label: "divergence",
        options: [["old-new", "KL(old‖new)"], ["new-old", "KL(new‖old)"]],
        value: "old-new",
      },
    ],
    draw,
    read,
  });
})();
