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
  extractive: "the article's own sentences 原文句子",
  keyfacts: "key facts only, no translation 仅关键信息，非译文",
};
const REMOVED = {
  mojibake: "garbled characters 乱码", width: "full-width letters 全角字符", control: "control characters 控制字符",
  boilerplate: "page furniture 页面套话", byline: "bylines 署名", credit: "credits 图片来源",
  date: "dates 日期行", image_marker: "image markers 图片标记", licence: "licences 版权声明",
  markup: "markup 标记", pinyin: "pinyin 拼音", references: "references 参考文献",
  repeated: "repetitions 重复", share: "share buttons 分享", subscribe: "subscriptions 订阅",
};

const list = (items) => items.join(", ");

function showDigest(parent, language, digest) {
  const card = add(parent, "article");
  const name = language === "en" ? "English" : "中文";
  add(card, "h3", `${name} · ${KINDS[digest.kind] ?? digest.kind}`);
  add(card, "p", digest.text, { class: "digest", dir: "auto", lang: digest.script ? `zh-${digest.script}` : language });
  if (digest.truncated) add(card, "p", "Cut at its limit 达到上限，已截断", { class: "small doubt" });
}

function showStance(parent, stance) {
  const card = add(parent, "article");
  add(card, "h3", "Stance 立场");
  const line = add(card, "div");
  add(line, "span", LABELS[stance.label], { class: `label ${stance.label}` });
  add(line, "bdi", ` → ${stance.target}`);
  if (stance.target_source === "detected") add(line, "span", " (found by Diglot 自动识别)", { class: "small" });
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
  if (agree === true) good("No figure of one digest contradicts the other 两种语言的数字不矛盾");
  if (agree === false) doubt("The two digests contradict each other in figures 两种语言的数字互相矛盾");
}

function showStory(story, number, count) {
  const part = add($("stories"), "section");
  if (count > 1) {
    add(part, "h2", `Story ${number} of ${count} 第 ${number} 篇，共 ${count} 篇`);
    if (story.title) add(part, "p", story.title, { class: "title", dir: "auto" });
  }
  const digests = add(part, "div", undefined, { class: "digests" });
  for (const [language, digest] of Object.entries(story.digests)) showDigest(digests, language, digest);
  showChecks(part, story.checks);
  for (const stance of [story.stance].flat()) showStance(part, stance);
}

function showMade({ engine, language, reading, timing }) {
  const row = (name, text) => { add($("made"), "dt", name); add($("made"), "dd", text); };
  row("Engine 引擎", list([engine.name, engine.model, engine.revision].filter(Boolean)));
  row("Language 语言", language);
  row("Read 已读", `${Math.round(reading.coverage * 100)}% · ${reading.kept} / ${reading.characters} characters 字符`);
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
    const card = add($("drafts"), "article");
    add(card, "h3", `${language === "en" ? "English" : "中文"} · being written 撰写中`);
    add(card, "p", "", { class: "digest", dir: "auto", lang: language === "zh" ? `zh-${script}` : language, id });
  }
  $(id).textContent = text;
  $("drafts").hidden = false;
}

function clear() {
  for (const id of ["drafts", "warnings", "stories", "made"]) $(id).replaceChildren();
  for (const id of ["drafts", "answer"]) $(id).hidden = true;
}

function show(result) {
  clear();
  for (const warning of result.warnings) add($("warnings"), "li", warning, { class: "doubt" });
  const stories = result.stories.length ? result.stories : [result];
  stories.forEach((story, index) => showStory(story, index + 1, stories.length));
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
    whole_page: form.elements.whole_page.checked,
    ...(target && { targets: [target] }),
  };
}

async function send(body) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream", ...access() };
  const response = await fetch($("ask").dataset.address, { method: "POST", headers, body: JSON.stringify(body) })
    .catch(() => { throw new Error("The service can't be reached 无法连接服务"); });
  if (response.status === 401) askForKey();
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `${response.status} ${response.statusText}`);
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

async function follow(response, script) {
  for await (const [name, data] of events(response)) {
    if (name === "digest") showDraft(data, script);
    if (name === "result") return show(data);
    if (name === "problem") throw new Error(data.detail);
  }
  throw new Error("The connection broke off 连接中断");
}

async function ask(event) {
  event.preventDefault();
  const body = wanted(event.target);
  const button = event.target.querySelector("button");
  button.disabled = true;
  clear();
  say("Reading … 阅读中……");
  try {
    await follow(await send(body), body.zh_script);
    say("Done 完成");
  } catch (error) {
    clear();
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
}

$("ask").addEventListener("submit", ask);
$("key").value = sessionStorage.getItem(KEY) ?? "";
$("access").hidden = !$("key").value;
