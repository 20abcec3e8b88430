const TEXT = {
  en: {
    search: "Search stories", show: "Show", failures: "Articles that failed", brief: "Brief", stances: "Stances", facts: "Facts",
    timeline: "Timeline", articles: "Articles", all: "all stories", several: "stories of several articles",
    differing: "stories with contradictions", fact: "About", stated: "Stated as", verdict: "Compared", agree: "agree",
    differ: "contradict", favor: "in favor", against: "against", none: "neutral", target: "Target", removed: "removed",
    coverage: "read", nothing: "No story matches.", language: "中文", previous: "Previous", next: "Next",
    keyfacts: "key facts, not a translation", abstractive: "written by a model", extractive: "the article's own sentences",
    translated: "the article's own sentences, translated", unfounded: "nothing in the article supports this",
    summary: (stories, articles) => `${counted(articles, "article", "articles")}, ${counted(stories, "story", "stories")}`,
    page: (page, pages) => `page ${page} of ${pages}`, count: (count) => counted(count, "story", "stories"),
    outlets: (count) => counted(count, "article", "articles"),
    leftOut: (count) => `Left out: ${counted(count, "sentence that no article states", "sentences that no article states")}`,
  },
  zh: {
    search: "搜索报道", show: "显示", failures: "处理失败的文章", brief: "综述", stances: "立场", facts: "事实对照",
    timeline: "时间线", articles: "文章", all: "全部", several: "多家报道的新闻",
    differing: "说法有矛盾的新闻", fact: "关于", stated: "各家说法", verdict: "对照", agree: "一致",
    differ: "矛盾", favor: "支持", against: "反对", none: "中立", target: "对象", removed: "已去除",
    coverage: "已读", nothing: "没有符合的报道。", language: "English", previous: "上一页", next: "下一页",
    keyfacts: "要点，非译文", abstractive: "由模型撰写", extractive: "原文句子",
    translated: "原文句子的译文", unfounded: "原文中没有依据",
    summary: (stories, articles) => `${articles} 篇文章，${stories} 则新闻`,
    page: (page, pages) => `第 ${page} 页，共 ${pages} 页`, count: (count) => `${count} 则新闻`,
    outlets: (count) => `${count} 篇文章`,
    leftOut: (count) => `已略去 ${count} 句：没有文章这样说`,
  },
};
const PER_PAGE = 20;
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const state = { language: navigator.language.startsWith("zh") ? "zh" : "en", query: "", show: "all", page: 0 };
const text = (key) => TEXT[state.language][key];

function counted(count, one, several) {
  return `${count} ${count === 1 ? one : several}`;
}

/** A new element; children are elements or text, which is never read as markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function matches(story) {
  if (state.show === "several" && story.articles.length < 2) return false;
  if (state.show === "differing" && !story.facts.some((fact) => fact.contradicts.length)) return false;
  return !state.query || haystack(story).includes(state.query);
}

function haystack(story) {
  story.haystack ??= [
    story.title, ...Object.values(story.briefs).map((brief) => brief.text),
    ...story.articles.flatMap((article) => [
      article.title, article.source, ...Object.values(article.digests).map((digest) => digest.text),
    ]),
  ].filter(Boolean).join("\n").toLocaleLowerCase();
  return story.haystack;
}

function outlet(article) {
  const name = article.source || article.title || article.id;
  return name.split("/").pop() || name;
}

/** The digests side by side; pressing a sentence calls `light` with its sources. */
function columns(digests, light) {
  return element("div", { class: "columns" }, ...Object.entries(digests).map(([language, digest]) =>
    element("div", {}, element("p", { class: "digest", lang: language }, ...sentences(digest, light)),
      element("p", { class: "small" }, text(digest.kind) ?? digest.kind), leftOut(digest, language))));
}

/** The sentences of a brief that a model wrote and no article states, folded away; null without any. */
function leftOut(digest, language) {
  if (!digest.left_out?.length) return null;
  return element("details", { class: "left-out" }, element("summary", {}, text("leftOut")(digest.left_out.length)),
    element("ul", { class: "plain" }, ...digest.left_out.map((sentence) => element("li", { class: "warn", lang: language }, sentence))));
}

/** The text with its sentences, or its key facts, as buttons; what lies between them stays as it is. */
function sentences(digest, light) {
  const parts = [];
  let at = 0;
  for (const sentence of digest.sentences) {
    const start = digest.text.indexOf(sentence.text, at);
    if (start < 0) continue;
    parts.push(digest.text.slice(at, start), button(sentence, light));
    at = start + sentence.text.length;
  }
  return [...parts, digest.text.slice(at)];
}

function button(sentence, light) {
  // No <button>: that is a box of its own, and each sentence would begin a line.
  const box = element("span", { role: "button", tabindex: "0", class: "sentence", "aria-pressed": "false" }, sentence.text);
  const bare = !(sentence.quotes ?? sentence.articles).length;
  if (bare) box.classList.add("bare");
  const press = () => light(box, sentence, bare);
  box.addEventListener("click", press);
  // Not mouseenter, which also comes when the page moves under a resting pointer.
  box.addEventListener("mousemove", press);
  box.addEventListener("focus", press);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); press(); }
  });
  return box;
}

function press(story, button) {
  for (const other of story.querySelectorAll(".sentence[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
}

function showStory(story) {
  const card = element("article", { class: "story" });
  card.append(element("h2", {}, story.title), element("p", { class: "meta" }, text("outlets")(story.articles.length)));
  const articles = story.articles.map((article) => showArticle(card, article));
  if (Object.keys(story.briefs).length) {
    const sources = element("ul", { class: "sources", "aria-live": "polite" });
    const light = (button, sentence, bare) => {
      press(card, button);
      articles.forEach((shown, index) => shown.classList.toggle("lit", sentence.articles.includes(index)));
      sources.replaceChildren(...(bare ? [element("li", { class: "warn" }, text("unfounded"))]
        : sentence.articles.map((index) => element("li", {}, outlet(story.articles[index])))));
    };
    card.append(element("h3", {}, text("brief")), columns(story.briefs, light), sources);
  }
  card.append(...stances(story), ...timeline(story), ...facts(story));
  card.append(element("h3", {}, text("articles")), ...articles);
  return card;
}

/** The picture of who stands where, and the same as a table with quotes: a row a target. */
function stances(story) {
  const targets = [...byTarget(story.stances)].filter(([, of]) => of.some((stance) => stance.label !== "none"));
  if (!targets.length) return [];
  const named = (stance) => outlet(story.articles[stance.article]);
  const head = element("tr", {}, ...["target", ...LABELS].map((key) => element("th", { scope: "col" }, text(key))));
  const rows = targets.map(([target, of]) => element("tr", {}, element("th", { scope: "row" }, target),
    ...LABELS.map((label) => element("td", {}, ...of.filter((stance) => stance.label === label).flatMap((stance) => [
      element("span", { class: `chip ${label}` }, named(stance)),
      ...stance.evidence.slice(0, 1).map((quote) => element("blockquote", {}, quote.quote)),
    ])))));
  return [element("h3", {}, text("stances")), ...stancePictures(targets, text, named),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text("stances") },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)))];
}

function byTarget(stances) {
  const found = new Map();
  for (const stance of stances) {
    if (!found.has(stance.target)) found.set(stance.target, []);
    found.get(stance.target).push(stance);
  }
  return found;
}

function timeline(story) {
  const dated = story.articles.filter((article) => article.published)
    .sort((one, other) => one.published < other.published ? -1 : 1);
  if (dated.length < 2) return [];
  return [element("h3", {}, text("timeline")), element("ol", { class: "timeline" }, ...dated.map((article) =>
    element("li", {}, element("time", { datetime: article.published }, article.published), ` ${article.title ?? ""} · ${outlet(article)}`)))];
}

/** The figures of several articles; what contradicts each other stands in one row. */
function facts(story) {
  const shown = new Set();
  const rows = [];
  const order = [...story.facts.keys()].sort((one, other) => differs(other) - differs(one) || one - other);
  function differs(index) { return story.facts[index].contradicts.length ? 1 : 0; }
  for (const index of order) {
    if (shown.has(index)) continue;
    const fact = story.facts[index];
    const together = [index, ...fact.contradicts.filter((other) => !shown.has(other))];
    together.forEach((each) => shown.add(each));
    rows.push(element("tr", {}, element("th", { scope: "row" }, fact.about.slice(0, 4).join(" · ")),
      element("td", {}, ...together.map((each) => statement(story, story.facts[each]))),
      element("td", { class: fact.contradicts.length ? "differs" : "agrees" }, text(fact.contradicts.length ? "differ" : "agree"))));
  }
  if (!rows.length) return [];
  const head = element("tr", {}, ...["fact", "stated", "verdict"].map((key) => element("th", { scope: "col" }, text(key))));
  return [element("h3", {}, text("facts")),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text("facts") },
      element("table", { class: "facts" }, element("thead", {}, head), element("tbody", {}, ...rows)))];
}

function statement(story, fact) {
  return element("div", {}, element("strong", {}, [...new Set(fact.mentions.map((mention) => mention.text))].join(" · ")), " ",
    ...fact.mentions.map((mention) => {
      const article = story.articles[mention.article];
      const quote = article.figures[`${mention.start}-${mention.end}`];
      return element("span", { class: "chip", title: quote }, outlet(article));
    }));
}

function showArticle(card, article) {
  const names = [article.title, outlet(article), article.language].filter(Boolean).join(" · ");
  const box = element("details", {}, element("summary", {}, names));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) fill(card, box, article); });
  return box;
}

function fill(card, box, article) {
  const sources = element("ul", { class: "sources", "aria-live": "polite" });
  const light = (button, sentence, bare) => {
    press(card, button);
    const quotes = sentence.quotes.filter(Boolean);
    sources.replaceChildren(...(bare ? [element("li", { class: "warn" }, text("unfounded"))]
      : quotes.map((quote) => element("li", {}, quote))));
  };
  const removed = article.removed.map(([what, count]) => `${what} ${count}`).join(", ");
  box.append(columns(article.digests, light), sources, element("ul", { class: "plain" },
    element("li", {}, `${text("coverage")}: ${Math.round(100 * article.coverage)} %`),
    removed ? element("li", {}, `${text("removed")}: ${removed}`) : null,
    ...article.warnings.map((warning) => element("li", { class: "warn" }, warning))));
}

function render() {
  document.documentElement.lang = state.language;
  for (const label of document.querySelectorAll("[data-text]")) label.textContent = text(label.dataset.text);
  const button = byId("language");
  button.textContent = text("language");
  button.lang = state.language === "en" ? "zh" : "en";
  const total = data.stories.reduce((sum, story) => sum + story.articles.length, 0);
  byId("summary").textContent = `${text("summary")(data.stories.length, total)} · ${data.made}`;
  const options = ["all", "several", "differing"].map((key) => element("option", { value: key }, text(key)));
  byId("show").replaceChildren(...options);
  byId("show").value = state.show;
  const found = data.stories.filter(matches);
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  state.page = Math.min(state.page, pages - 1);
  byId("found").textContent = found.length ? text("count")(found.length) : text("nothing");
  byId("stories").replaceChildren(...found.slice(state.page * PER_PAGE, (state.page + 1) * PER_PAGE).map(showStory));
  showPages(pages);
  byId("failures").hidden = !data.failures.length;
  byId("failures").querySelector("ul").replaceChildren(...data.failures.map(([source, why]) => element("li", {}, `${source}: ${why}`)));
}

function showPages(pages) {
  const turn = (step, key) => {
    const button = element("button", { type: "button" }, text(key));
    button.disabled = state.page + step < 0 || state.page + step >= pages;
    button.addEventListener("click", () => { state.page += step; render(); scrollTo(0, 0); });
    return button;
  };
  byId("pages").hidden = pages === 1;
  byId("pages").replaceChildren(turn(-1, "previous"), element("span", {}, text("page")(state.page + 1, pages)), turn(1, "next"));
}

byId("search").addEventListener("input", (event) => { state.query = event.target.value.trim().toLocaleLowerCase(); state.page = 0; render(); });
byId("show").addEventListener("change", (event) => { state.show = event.target.value; state.page = 0; render(); });
byId("language").addEventListener("click", () => { state.language = state.language === "en" ? "zh" : "en"; render(); });
addEventListener("beforeprint", () => { for (const box of document.querySelectorAll("details")) box.open = true; });
render();
