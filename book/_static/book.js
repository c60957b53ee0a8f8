// Formulas and tables wider than the page scroll in their own boxes, and the keyboard can scroll them.
(() => {
  "use strict";
  const boxes = "mjx-container, div.math, .pst-scrollable-table-container, .cell_output .output";

  function reach() {
    for (const formula of document.querySelectorAll('article mjx-container:not([display="true"])')) {
      formula.classList.remove("wide");
      const room = formula.closest("p, li, td, dd, figcaption, div").clientWidth;
      formula.classList.toggle("wide", formula.getBoundingClientRect().width > room);
    }
    for (const box of document.querySelectorAll(`article :is(${boxes})`)) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
      } else if (box.getAttribute("tabindex") === "0") {
        box.removeAttribute("tabindex");
      }
    }
  }

  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    reach();
    new ResizeObserver(reach).observe(document.body);
  });
})();
