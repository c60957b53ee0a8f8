// Chapter 02: one arrow on the Earth, in latitude and longitude and in the stereographic chart.
(() => {
  "use strict";

  // Mathematics. Angles in radians, lengths in units of the Earth's radius; the pole of projection is the south pole.
  function toPlane(latitude, longitude) {
    const radius = Math.cos(latitude) / (1 + Math.sin(latitude));
    return [radius * Math.cos(longitude), radius * Math.sin(longitude)];
  }

  // d(a, b) / d(latitude, longitude), by rows.
  function jacobian(latitude, longitude) {
    const [a, b] = toPlane(latitude, longitude);
    const inward = -1 / (1 + Math.sin(latitude));
    return [
      [inward * Math.cos(longitude), -b],
      [inward * Math.sin(longitude), a],
    ];
  }

  // The coordinates of an arrow of a given length on the ground; the bearing counts from north over east.
  function globeArrow(latitude, bearing, length) {
    return [length * Math.cos(bearing), (length * Math.sin(bearing)) / Math.cos(latitude)];
  }

  function planeArrow(latitude, longitude, bearing, length) {
    const [north, east] = globeArrow(latitude, bearing, length);
    return jacobian(latitude, longitude).map((row) => row[0] * north + row[1] * east);
  }

  // The length on the ground, measured with the metric of each chart.
  function globeLength(latitude, [north, east]) {
    return Math.hypot(north, Math.cos(latitude) * east);
  }

  function planeLength([a, b], [da, db]) {
    return (2 * Math.hypot(da, db)) / (1 + a * a + b * b);
  }

  // Drawing. The state is in degrees and kilometres.
  const RADIUS = 6371;
  const [LEFT, RIGHT] = [-70, 110];
  const rad = (degrees) => (degrees * Math.PI) / 180;
  const deg = (radians) => (radians * 180) / Math.PI;
  const setting = ({ latitude, longitude, bearing, length }) => [rad(latitude), rad(longitude), rad(bearing), length / RADIUS];

  function graticule() {
    const lines = [];
    for (let at = -180; at < 180; at += 30) lines.push(explorables.grid(0, 89, 60).map((latitude) => [latitude, at]));
    for (let at = 0; at <= 60; at += 30) lines.push(explorables.grid(-180, 180, 181).map((longitude) => [at, longitude]));
    return lines;
  }

  function draw(figure) {
    const [globe, plane] = figure.boards;
    const onGlobe = ([latitude, longitude]) => [longitude, latitude];
    const onPlane = ([latitude, longitude]) => toPlane(rad(latitude), rad(longitude));
    for (const line of graticule()) {
      const sheet = line.filter(([, longitude]) => longitude >= LEFT && longitude <= RIGHT);
      figure.line(globe, () => sheet.map(onGlobe), { colour: "faint", width: 1 });
      figure.line(plane, () => line.map(onPlane), { colour: "faint", width: 1 });
    }
    const here = () => [figure.now.latitude, figure.now.longitude];
    const globeTip = () => {
      const [latitude, , bearing, length] = setting(figure.now);
      const [north, east] = globeArrow(latitude, bearing, length);
      return [figure.now.longitude + deg(east), figure.now.latitude + deg(north)];
    };
    const planeTip = () => {
      const [a, b] = onPlane(here());
      const [da, db] = planeArrow(...setting(figure.now));
      return [a + da, b + db];
    };
    figure.arrow(globe, () => onGlobe(here()), globeTip, { colour: "blue", width: 3 });
    figure.arrow(plane, () => onPlane(here()), planeTip, { colour: "blue", width: 3 });
    figure.mark(plane, () => onPlane(here()), { size: 5 });
    figure.mark(plane, () => [0, 0], { size: 2, colour: "grey" });
    figure.text(plane, () => [0, -0.05], () => "pole", { colour: "grey", anchorX: "middle", anchorY: "top" });
    figure.handle(globe, () => onGlobe(here()), (longitude, latitude) => figure.set({ latitude, longitude }));
    figure.handle(
      globe,
      globeTip,
      (longitude, latitude) => {
        const [north, east] = [rad(latitude - figure.now.latitude), rad(longitude - figure.now.longitude)];
        const across = east * Math.cos(rad(figure.now.latitude));
        figure.set({ bearing: (deg(Math.atan2(across, north)) + 360) % 360, length: RADIUS * Math.hypot(north, across) });
      },
      { colour: "blue" },
    );
  }

  function read(state) {
    const [latitude, longitude, bearing, length] = setting(state);
    const sheets = [
      ["Latitude, longitude", globeArrow(latitude, bearing, length), (v) => globeLength(latitude, v)],
      ["Stereographic", planeArrow(latitude, longitude, bearing, length), (v) => planeLength(toPlane(latitude, longitude), v)],
    ];
    return sheets.map(([name, arrow, ground]) => [
      null,
      `${name}: arrow (${arrow.map((entry) => explorables.digits(entry)).join(", ")}), ` +
        `length on the sheet ${explorables.digits(Math.hypot(...arrow))}, ` +
        `on the ground ${explorables.digits(RADIUS * ground(arrow), 4)} km`,
    ]);
  }

  const degrees = (value) => `${String(value).replace("-", "−")}°`;
  explorables.add("two-charts", {
    mathematics: { toPlane, jacobian, globeArrow, planeArrow, globeLength, planeLength },
    boards: [
      {
        label: "The arrow on the sheet of latitude and longitude; its coordinates follow below",
        ratio: 1.43,
        square: true,
        x: { from: LEFT, to: RIGHT, label: "longitude (degrees)", ticks: [[-45, "−45"], [0], [45], [90]] },
        y: { from: -15, to: 95, label: "latitude (degrees)", ticks: [[0], [45], [90]] },
      },
      {
        label: "The same arrow on the stereographic sheet; its coordinates follow below",
        ratio: 1.12,
        square: true,
        x: { from: -1.6, to: 1.6, label: "a", ticks: [[-1, "−1"], [0], [1]] },
        y: { from: -1.25, to: 1.25, label: "b", ticks: [[-1, "−1"], [0], [1]] },
      },
    ],
    controls: [
      { name: "latitude", label: "latitude", min: 0, max: 80, step: 1, value: 25, show: degrees },
      { name: "longitude", label: "longitude", min: -60, max: 80, step: 1, value: 20, show: degrees },
      { name: "bearing", label: "bearing", min: 0, max: 359, step: 1, value: 45, show: degrees },
      { name: "length", label: "length", min: 500, max: 3500, step: 50, value: 2500, show: (km) => `${km} km` },
    ],
    draw,
    read,
  });
})();
