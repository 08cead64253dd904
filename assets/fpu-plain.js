/* Long tables: the elements that pages/plain.py describes, made without Dash. */
window.fpu = window.fpu || {};

(function () {
  "use strict";

  function made(node) {
    if (typeof node === "string") return document.createTextNode(node);
    const [tag, attributes, ...inside] = node, element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside.map(made));
    return element;
  }

  /** Put the parts in, and leave the reader where he was. */
  function draw(place) {
    const scroller = place.closest(".panel-body, .page"), top = scroller?.scrollTop;
    place.replaceChildren(...JSON.parse(place.dataset.parts || "[]").map(made));
    if (scroller) scroller.scrollTop = top;
  }

  function start(place) {
    const observer = new MutationObserver(() => draw(place));
    observer.observe(place, {attributes: true, attributeFilter: ["data-parts"]});
    draw(place);
    return () => observer.disconnect();
  }

  fpu.mount("quarantine-tables", start);
  fpu.mount("imports-list", start);
  fpu.mount("security-table", start);
})();
