"use strict";

// Everything that comes from an article is put in as text, never as markup.
const $ = (id) => document.getElementById(id);

function add(parent, tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

const LABELS = { favor: "in favour 支持", against: "against 反对", none: "neutral 中立" };
const KINDS = {
  abstractive: "written by the model 模型撰写",
  translated: "the article's own sentences, translated 原文句子，逐句翻译",
  extractive: "the article's own sentences 原文句子",
  keyfacts: "key facts only, no translation 仅关键信息，非译文",
};
const REMOVED = {
  mojibake: "garbled characters 乱码", width: "full-width letters 全角字符", control: "control characters 控制字符",
  boilerplate: "page furniture 页面套话", byline: "bylines 署名", credit: "credits 图片来源",
  date: "dates 日期行", image_marker: "image markers 图片标记", licence: "licences 版权声明",
  markup: "markup 标记", page_parts: "parts of the page 页面其他部分", pinyin: "pinyin 拼音",
  references: "references 参考文献",
  repeated: "repetitions 重复", share: "share buttons 分享", subscribe: "subscriptions 订阅",
};

const list = (items) => items.join(", ");

// An article in a third language may have a digest in that language too.
function nameOf(language) {
  const names = { en: "English", zh: "中文" };
  return names[language] ?? new Intl.DisplayNames([language, "en"], { type: "language" }).of(language);
}

function showDigest(parent, language, digest, strange, article) {
  const card = add(parent, "article");
  add(card, "h3", `${nameOf(language)} · ${KINDS[digest.kind] ?? digest.kind}`);
  const text = add(card, "p", undefined, { class: "digest", dir: "auto", lang: digest.script ? `zh-${digest.script}` : language });
  citedText(text, digest, strange, article);
  if (digest.left_out?.length) {
    const note = add(add(card, "p", undefined, { class: "small" }), "span", `Left out, as no translation passed 未能译出，已略去: ${digest.left_out.length}`);
    cites(note, digest.left_out, article);
  }
  if (digest.truncated) add(card, "p", "Cut at its limit 达到上限，已截断", { class: "small doubt" });
}

function showStance(parent, stance) {
  const card = add(parent, "article");
  add(card, "h3", "Stance 立场");
  const line = add(card, "div");
  add(line, "span", LABELS[stance.label], { class: `label ${stance.label}` });
  if (stance.target) add(line, "bdi", ` → ${stance.target}`);
  if (stance.target && stance.target_source === "detected") add(line, "span", " (found by Diglot 自动识别)", { class: "small" });
  const scores = add(card, "div", undefined, { class: "scores" });
  for (const [label, score] of Object.entries(stance.scores)) {
    const item = add(scores, "label");
    add(item, "meter", undefined, { value: score, max: 1, class: label });
    add(item, "span", `${LABELS[label]} ${Math.round(score * 100)}%`);
  }
  for (const { quote, speaker } of stance.evidence) {
    const cited = add(card, "blockquote", quote, { dir: "auto" });
    if (speaker) add(cited, "cite", ` — ${speaker}`);
  }
}

// What a reader must know of a digest before passing it on; doubts stand out, good news is quiet.
function showChecks(parent, checks) {
  const notes = add(parent, "ul", undefined, { class: "notes", "aria-label": "Checks 核对" });
  const good = (text) => add(notes, "li", text, { class: "good" });
  const doubt = (text) => add(notes, "li", text, { class: "doubt" });
  const { unsupported_numbers: numbers, unsupported_names: names, languages_agree: agree } = checks;
  if (numbers.length) doubt(`Figures that the article does not have 原文没有的数字: ${list(numbers)}`);
  else good("Every figure stands in the article 数字均见于原文");
  if (names.length) doubt(`Names that the article does not have 原文没有的名称: ${list(names)}`);
  else good("Every name stands in the article 名称均见于原文");
  const strange = Object.values(checks.unsupported_sentences ?? {}).flat();
  if (strange.length) doubt(`Sentences that the article hardly supports 原文缺乏依据的句子: ${strange.join(" ")}`);
  if (agree === true) good("No figure of one digest contradicts the other 两种语言的数字不矛盾");
  if (agree === false) doubt("The two digests contradict each other in figures 两种语言的数字互相矛盾");
}

function showStory(story, number, count, article) {
  const part = add($("stories"), "section");
  add(part, "h2", count > 1 ? `Story ${number} of ${count} 第 ${number} 篇，共 ${count} 篇` : "Digests 摘要");
  if (count > 1 && story.title) add(part, "p", story.title, { class: "title", dir: "auto" });
  const digests = add(part, "div", undefined, { class: "digests" });
  for (const [language, digest] of Object.entries(story.digests)) {
    showDigest(digests, language, digest, story.checks.unsupported_sentences?.[language] ?? [], article);
  }
  showChecks(part, story.checks);
  for (const stance of [story.stance].flat()) showStance(part, stance);
}

function showMade({ engine, language, reading, timing }) {
  const row = (name, text) => { add($("made"), "dt", name); add($("made"), "dd", text); };
  const without = engine.model ? "" : "no model loaded 未加载模型";
  row("Engine 引擎", list([engine.name, engine.model, engine.revision, without].filter(Boolean)));
  row("Language 语言", language);
  row("Article 正文", `${reading.kept} of ${reading.characters} characters; ${Math.round(reading.coverage * 100)}% of them were read`
    + ` 共 ${reading.characters} 字符，其中正文 ${reading.kept} 字符，已读 ${Math.round(reading.coverage * 100)}%`);
  const removed = reading.removed.map(({ what, count }) => `${REMOVED[what] ?? what} × ${count}`);
  row("Left out 已去除", list(removed) || "nothing 无");
  if (reading.authors.length) row("By 作者", list(reading.authors));
  if (reading.published) row("Published 发表", reading.published);
  row("Time 用时", `${(timing.total_ms / 1000).toFixed(1)} s`);
}

// What the model writes, before it is checked: it is shown while it grows, and the result replaces it.
function showDraft({ story, language, text }, script) {
  const id = `draft-${story}-${language}`;
  if (!$(id)) {
    if (!$("drafts").hasChildNodes()) add($("drafts"), "h2", "Drafts 草稿");
    const card = add($("drafts"), "article");
    add(card, "h3", `${nameOf(language)} · being written 撰写中`);
    add(card, "p", "", { class: "digest", dir: "auto", lang: language === "zh" ? `zh-${script}` : language, id });
  }
  $(id).textContent = text;
  $("drafts").hidden = false;
}

function clear() {
  for (const id of ["drafts", "warnings", "stories", "source", "made"]) $(id).replaceChildren();
  for (const id of ["drafts", "answer"]) $(id).hidden = true;
}

// The service's warnings in a reader's words, and in Chinese; others are shown as they come.
const WARNINGS = [
  [/^the page holds (\d+) stories:.*/, "The page holds $1 stories; each has its own digests below 此页有 $1 篇报道，下面分别给出摘要"],
  [/^(\d+) characters of the text can't be read and were left out$/, "$1 characters of the text can't be read and were left out 原文有 $1 个字符无法识别，已略去"],
  [/^the article is long: it was read in (\d+) parts$/, "The article is long and was read in $1 parts 文章较长，分 $1 部分读取"],
  [/^the model's (\w+) digest was replaced by an extractive one: (.*)$/, "The model's $1 digest was replaced by the article's own content ($2) 模型的 $1 摘要未通过检查，已由原文内容代替"],
  [/^the model's (\w+) digest was replaced by a translation of its sentences: (.*)$/, "The model's $1 digest was replaced by the article's own sentences, translated ($2) 模型的 $1 摘要未通过检查，已改为原文句子的翻译"],
  [/^of the (\d+) sentences to translate for the (\w+) digest, (\d+) were left out:.*/, "Of the $1 sentences to translate for the $2 digest, $3 were left out, as their translation did not pass the checks $2 摘要要翻译 $1 句，其中 $3 句的译文未通过检查，已略去"],
  [/^the article's sentences could not be translated for the (\w+) digest:.*/, "The article's sentences could not be translated for the $1 digest: too few translations passed the checks 未能为 $1 摘要翻译原文句子：通过检查的译文太少"],
  [/^the article is in another language \((\w+)\) and no model is loaded:.*/, "The article is in another language ($1) and no model is loaded: its own sentences are shown, and key facts that can be converted; the stance may be missed. A model would write both digests 文章为其他语言（$1），且未加载模型：显示原文句子和可以换算的要点，立场可能有遗漏；加载模型后可生成两篇摘要"],
];

function worded(warning) {
  const [pattern, words] = WARNINGS.find(([pattern]) => pattern.test(warning)) ?? [];
  return pattern ? warning.replace(pattern, words) : warning;
}

function show(result, text) {
  clear();
  for (const warning of result.warnings) add($("warnings"), "li", worded(warning), { class: "doubt" });
  const stories = result.stories.length ? result.stories : [result];
  const article = showArticle(text, stories, result.language);
  stories.forEach((story, index) => showStory(story, index + 1, stories.length, article));
  showMade(result);
  $("answer").hidden = false;
}

function say(text, isError = false) {
  $("status").textContent = text;
  $("status").className = isError ? "error" : "";
}

// The key stays in this tab: it goes nowhere but to this service, and is gone with the tab.
const KEY = "diglot-key";

function access() {
  const key = $("key").value.trim();
  sessionStorage.setItem(KEY, key);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

function askForKey() {
  $("access").hidden = false;
  $("key").focus();
  $("key").select();
}

function wanted(form) {
  const target = form.elements.target.value.trim();
  return {
    text: form.elements.text.value,
    length: form.elements.namedItem("length").value,
    zh_script: form.elements.zh_script.value,
    style: form.elements.namedItem("style").value,
    whole_page: form.elements.whole_page.checked,
    ...(target && { targets: [target] }),
  };
}

// The source of a web page is sent as one, so that its menus and scripts are taken out.
const HTML = /^\s*(<!--[^]*?-->\s*)*<(!doctype html|html|head|body|main|article|section|header|nav|div|p|h[1-6]|table|ul|ol|script|style|meta)\b[^]*<\//i;

function request(wanted) {
  const { text, targets, ...options } = wanted;
  if (!HTML.test(text)) return { path: "summarize", type: "application/json", body: JSON.stringify(wanted) };
  const query = new URLSearchParams([...Object.entries(options), ...(targets ?? []).map((target) => ["targets", target])]);
  return { path: `summarize?${query}`, type: "text/html; charset=utf-8", body: text };
}

// What went wrong, for a reader; the service's own words follow, as they tell the details.
const PROBLEMS = {
  bad_input: "An entry can't be used 有一项填写有误",
  no_text: "There is no article in it 没有可处理的正文",
  too_long: "The article is too long; paste it in parts 文章太长，请分段粘贴",
  unreadable: "The text can't be read 无法读取文本",
  unauthorized: "This service asks for an API key: enter it above 请在上方填写 API 密钥",
  forbidden: "This service does not take requests from here 本服务不接受来自此处的请求",
  rate_limited: "Too many requests; try again in a while 请求过于频繁，请稍后再试",
  not_ready: "The service is starting or stopping; try again in a while 服务正在启动或停止，请稍后再试",
  overloaded: "The service is busy; try again in a while 服务繁忙，请稍后再试",
  no_room: "The service is busy; try again in a while 服务繁忙，请稍后再试",
  deadline: "It took too long; a shorter article is faster 处理超时，文章短一些会更快",
  engine_failed: "This article could not be digested 这篇文章未能处理",
  internal: "Something broke inside the service 服务内部出错",
};

const told = ({ code, detail }) => [PROBLEMS[code], detail].filter(Boolean).join(" · ");

async function send({ path, type, body }) {
  const headers = { "Content-Type": type, Accept: "text/event-stream", ...access() };
  const response = await fetch(path, { method: "POST", headers, body })
    .catch(() => { throw new Error("The service can't be reached 无法连接服务"); });
  if (response.status === 401) askForKey();
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(told(problem) || `${response.status} ${response.statusText}`);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function showCommand({ path, type, body }) {
  const key = sessionStorage.getItem(KEY) ? " -H 'X-API-Key: YOUR_KEY'" : "";
  $("curl").textContent = `curl ${quoted(new URL(path, location.href).href)} -H ${quoted(`Content-Type: ${type}`)}${key} --data-raw ${quoted(body)}`;
}

// Server-sent events: each is some lines and a blank one, and its data is one line of JSON.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      if (name) yield [name, JSON.parse(data)];
    }
  }
}

async function follow(response, { text, zh_script: script }) {
  for await (const [name, data] of events(response)) {
    if (name === "digest") showDraft(data, script);
    if (name === "result") return show(data, text);
    if (name === "problem") throw new Error(told(data));
  }
  throw new Error("The connection broke off 连接中断");
}

// The button keeps the focus while the answer comes, so it is not disabled, only deaf.
async function ask(event) {
  event.preventDefault();
  const button = $("send");
  if (button.getAttribute("aria-disabled") === "true") return;
  const options = wanted($("ask"));
  const sent = request(options);
  button.setAttribute("aria-disabled", "true");
  clear();
  say("Reading … 阅读中……");
  try {
    await follow(await send(sent), options);
    showCommand(sent);
    say("Done 完成");
  } catch (error) {
    clear();
    say(error.message, true);
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
}

const SAMPLES = {
  en: "The council of Ashford voted on Tuesday to build a new bridge over the Mill River. It will cost 12 million euros and open in May 2027. The new bridge is an excellent plan, and we support it. Critics say that the money should go to schools.",
  zh: "青石镇议会周二投票决定在磨坊河上建一座新桥。工程预计耗资1200万元，2027年5月通车。新桥计划是错误的决定，浪费了学校急需的钱，应当停止。支持者说，旧桥早就不安全了。",
};

function count() {
  const { length } = $("text").value;
  $("length-of-text").textContent = length ? `${length} characters 字符` : "";
}

function takeSample({ target }) {
  $("text").value = SAMPLES[target.dataset.sample];
  $("text").focus();
  count();
}

async function copy() {
  await navigator.clipboard.writeText($("curl").textContent);
  say("Copied 已复制");
}

async function sayWhetherAModelIsLoaded() {
  const ready = await fetch("readyz").then((response) => response.json()).catch(() => ({}));
  $("no-model").hidden = !(ready.engine && ready.engine.model === null && ready.engine.name === "extractive");
}

$("ask").addEventListener("submit", ask);
$("text").addEventListener("input", count);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("ask").requestSubmit();
});
for (const button of document.querySelectorAll("[data-sample]")) button.addEventListener("click", takeSample);
$("copy").addEventListener("click", copy);
$("key").value = sessionStorage.getItem(KEY) ?? "";
$("access").hidden = !$("key").value;
sayWhetherAModelIsLoaded();
