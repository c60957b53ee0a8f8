// Formulas are drawn in slices between which the page answers, from the top of the page down.
//
// MathJax reads its settings from window.MathJax when it starts. Its own start draws every formula in one go, which
// keeps a phone from scrolling for seconds. Here the sources are read first, then all sizes are measured at once (each
// measurement lays the page out), then the formulas are put in. MathJax.startup.promise waits for the last one.
(() => {
  "use strict";
  const LONGEST = 12; // milliseconds of work before the page may answer
  const answer = () => new Promise((resolve) => setTimeout(resolve));

  async function sliced(formulas, work) {
    const { handleRetriesFor } = MathJax._.util.Retries; // a formula may first have to load what it needs
    let since = performance.now();
    for (const formula of formulas) {
      await handleRetriesFor(() => work(formula));
      if (performance.now() - since > LONGEST) {
        await answer();
        since = performance.now();
      }
    }
  }

  async function draw() {
    const page = MathJax.startup.document;
    page.findMath();
    const formulas = [...page.math];
    await sliced(formulas, (formula) => formula.compile(page));
    page.getMetrics();
    page.addPageElements();
    page.addStyleSheet();
    await sliced(formulas, (formula) => formula.render(page));
  }

  if (!window.MathJax) return; // a page without formulas
  // Until they are drawn, formulas are a blank of about their size (_ext/room.py), not their longer source.
  const root = document.documentElement;
  const finish = () => root.classList.remove("drawing");
  root.classList.add("drawing");
  window.addEventListener("load", () => window.MathJax.startup.promise ?? finish()); // MathJax did not come
  window.MathJax.startup = {
    typeset: false,
    pageReady: () => MathJax.startup.defaultPageReady().then(draw).finally(finish),
  };
})();
