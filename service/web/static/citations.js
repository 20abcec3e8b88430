"use strict";

// Citations: the article beside its digests, and in it the sentences that a digest's rest on.

// The article as it was sent. `sources` are all places that may be cited: offsets of its code points.
class CitedArticle {
  constructor(pane, text, sources) {
    const points = Array.from(text);
    const cuts = new Set([0, points.length, ...sources.flatMap(({ start, end }) => [start, end])]);
    const places = [...cuts].filter((place) => place <= points.length).sort((one, other) => one - other);
    this.pane = pane;
    this.parts = places.slice(1).map((end, index) => {
      const start = places[index];
      const element = document.createElement("span");
      element.textContent = points.slice(start, end).join("");
      element.id = `part-${start}`;
      return { start, end, element };
    });
    pane.replaceChildren(...this.parts.map(({ element }) => element));
    this.lit = [];
  }

  of(sources) {
    return this.parts
      .filter((part) => sources.some(({ start, end }) => start <= part.start && part.end <= end))
      .map(({ element }) => element);
  }

  // Only the article scrolls, to the first of them; the page stays where it is.
  light(sources) {
    for (const element of this.lit) element.classList.remove("lit");
    this.lit = this.of(sources);
    for (const element of this.lit) element.classList.add("lit");
    if (this.lit.length) {
      const down = this.lit[0].getBoundingClientRect().top - this.pane.getBoundingClientRect().top;
      this.pane.scrollTop += down - this.pane.clientHeight / 3;
    }
  }
}

// What lights up its sources while it is pointed at or has the focus. A click, a tap, Enter or the
// space bar keeps them lit, until it is done again or another is chosen; Escape ends it.
let kept = null;

function cites(element, sources, article) {
  element.classList.add("cites");
  for (const [name, value] of Object.entries({ role: "button", tabindex: "0", "aria-pressed": "false" })) {
    element.setAttribute(name, value);
  }
  element.setAttribute("aria-describedby", article.of(sources).map(({ id }) => id).join(" "));
  const show = () => article.light(sources);
  const leave = () => article.light(kept ? kept.sources : []);
  const keep = (isKept) => {
    kept?.element.setAttribute("aria-pressed", "false");
    kept = isKept ? { element, sources } : null;
    element.setAttribute("aria-pressed", String(isKept));
    article.light(isKept ? sources : []);
  };
  const toggle = () => keep(kept?.element !== element);
  element.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && show());
  element.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && leave());
  element.addEventListener("focus", () => element.matches(":focus-visible") && show());
  element.addEventListener("blur", leave);
  element.addEventListener("click", toggle);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") keep(false);
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle();
  });
}

// A digest's text with its sentences as elements of their own; what the article hardly supports is marked.
function citedText(parent, digest, strange, article) {
  let at = 0;
  for (const { text, support, sources } of digest.sentences ?? []) {
    const start = digest.text.indexOf(text, at);
    if (start < 0) continue;
    parent.append(digest.text.slice(at, start));
    const sentence = add(parent, "span", text);
    if (sources.length) cites(sentence, sources, article);
    if (strange.includes(text) || support === 0) {
      sentence.classList.add("unsupported");
      add(parent, "span", "⚠", { class: "hardly", role: "img", "aria-label": "The article hardly supports this 原文缺乏依据" });
    }
    at = start + text.length;
  }
  parent.append(digest.text.slice(at));
}

const sourcesOf = (story) => Object.values(story.digests)
  .flatMap((digest) => [...(digest.sentences ?? []).flatMap(({ sources }) => sources), ...(digest.left_out ?? [])]);

function showArticle(text, stories, language) {
  const sources = stories.flatMap(sourcesOf);
  kept = null;
  $("cited").hidden = !sources.length;
  $("source").setAttribute("lang", language === "und" ? "" : language);
  return new CitedArticle($("source"), sources.length ? text : "", sources);
}
