// Chapter 06: the steepest arrow on the unit ball of a metric that the reader bends.
(() => {
  "use strict";

  // Mathematics. The ball v'Mv = 1 has the half axes p and 1/p, the first turned by an angle.
  function metric(p, angle) {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [first, second] = [1 / p ** 2, p ** 2];
    const mixed = (first - second) * cos * sin;
    return [
      [first * cos ** 2 + second * sin ** 2, mixed],
      [mixed, first * sin ** 2 + second * cos ** 2],
    ];
  }

  // The arrow with v'Mv = 1 that makes g'v largest: M⁻¹g / sqrt(g'M⁻¹g).
  function steepest(M, g) {
    const det = M[0][0] * M[1][1] - M[0][1] * M[1][0];
    const raised = [(M[1][1] * g[0] - M[0][1] * g[1]) / det, (M[0][0] * g[1] - M[1][0] * g[0]) / det];
    const climb = Math.sqrt(g[0] * raised[0] + g[1] * raised[1]);
    return raised.map((entry) => entry / climb);
  }

  // Drawing. The gradient has Euclidean length 1.
  const [RIGHT, TOP] = [2.5, 1.9];
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const degrees = (x, y) => ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
  const unit = (angle) => [Math.cos(angle), Math.sin(angle)];
  const g = ({ gradient }) => unit(radians(gradient));
  const M = ({ p, turn }) => metric(p, radians(turn));

  function draw(figure) {
    const [board] = figure.boards;
    const best = () => steepest(M(figure.now), g(figure.now));
    const across = (level) => {
      const [x, y] = g(figure.now);
      const line = explorables.grid(-3.5, 3.5, 281).map((t) => [level * x - t * y, level * y + t * x]);
      return line.filter((place) => Math.abs(place[0]) < RIGHT && Math.abs(place[1]) < TOP);
    };
    for (const level of explorables.grid(-2.5, 2.5, 11)) figure.line(board, () => across(level), { colour: "faint", width: 1 });
    figure.line(board, () => across(best()[0] * g(figure.now)[0] + best()[1] * g(figure.now)[1]), { colour: "grey", dash: 2 });
    figure.line(
      board,
      () =>
        explorables.grid(0, 2 * Math.PI, 181).map((t) => {
          const [{ p, turn }, [x, y]] = [figure.now, unit(t)];
          const [cos, sin] = unit(radians(turn));
          return [p * x * cos - (y / p) * sin, p * x * sin + (y / p) * cos];
        }),
      { colour: "blue", fill: "blue" },
    );
    figure.arrow(board, () => [0, 0], () => g(figure.now), { colour: "red", width: 3, dash: 2 });
    figure.arrow(board, () => [0, 0], best, { colour: "blue", width: 4 });
    figure.mark(board, () => [0, 0], { size: 2 });
    figure.handle(
      board,
      () => unit(radians(figure.now.turn)).map((entry) => figure.now.p * entry),
      (x, y) => figure.set({ p: Math.hypot(x, y), turn: degrees(x, y) }),
    );
    figure.handle(board, () => g(figure.now), (x, y) => figure.set({ gradient: degrees(x, y) }), { colour: "red" });
  }

  function read(state) {
    const [v, direction] = [steepest(M(state), g(state)), g(state)];
    const turned = (Math.atan2(direction[0] * v[1] - direction[1] * v[0], direction[0] * v[0] + direction[1] * v[1]) * 180) / Math.PI;
    const row = (entries) => entries.map((entry) => explorables.digits(entry)).join(", ");
    return [
      ["red", `The gradient (${row(direction)}), across the level lines`],
      ["blue", `The steepest arrow of length 1 (${row(v)}) climbs ${explorables.digits(v[0] * direction[0] + v[1] * direction[1])}`],
      [null, `It is turned by ${explorables.digits(turned)}° from the gradient; the metric is (${row(M(state)[0])}; ${row(M(state)[1])})`],
    ];
  }

  const shown = (angle) => `${angle}°`;
  explorables.add("steepest", {
    mathematics: { metric, steepest },
    boards: [
      {
        label: "The unit ball of the metric, the gradient and the steepest arrow; the numbers follow below",
        ratio: 1.15,
        square: true,
        x: { from: -RIGHT, to: RIGHT, label: "first coordinate", ticks: [[-2, "−2"], [-1, "−1"], [0], [1], [2]] },
        y: { from: -TOP, to: TOP, label: "second coordinate", ticks: [[-1, "−1"], [0], [1]] },
      },
    ],
    controls: [
      { name: "p", label: "half axis", min: 0.5, max: 2, step: 0.01, value: 1.6 },
      { name: "turn", label: "turned by", min: 0, max: 359, step: 1, value: 20, show: shown },
      { name: "gradient", label: "gradient at", min: 0, max: 359, step: 1, value: 70, show: shown },
    ],
    draw,
    read,
  });
})();
