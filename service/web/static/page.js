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
  keyfacts: "key facts only 仅关键信息",
};

function showDigest(language, digest) {
  const card = add($("digests"), "article");
  const name = language === "en" ? "English" : "中文";
  add(card, "h2", `${name} · ${KINDS[digest.kind] ?? digest.kind}${digest.truncated ? " · cut 截断" : ""}`);
  add(card, "p", digest.text, { class: "digest", lang: language === "en" ? "en" : `zh-${digest.script}` });
}

function showStance(stance) {
  const card = add($("stances"), "article");
  add(card, "h2", "Stance 立场");
  const line = add(card, "div");
  add(line, "span", LABELS[stance.label], { class: `label ${stance.label}` });
  add(line, "span", ` → ${stance.target}`, { dir: "auto" });
  if (stance.target_source === "detected") add(line, "span", " (found by Diglot 自动识别)", { class: "small" });
  const scores = add(card, "div", undefined, { class: "scores" });
  for (const [label, score] of Object.entries(stance.scores)) {
    const item = add(scores, "label");
    add(item, "meter", undefined, { value: score, max: 1, class: label });
    add(item, "span", `${LABELS[label]} ${Math.round(score * 100)}%`);
  }
  for (const { quote, speaker } of stance.evidence) {
    add(card, "blockquote", speaker ? `${quote} — ${speaker}` : quote, { dir: "auto" });
  }
}

function show(result) {
  for (const id of ["digests", "stances", "warnings"]) $(id).replaceChildren();
  for (const [language, digest] of Object.entries(result.digests)) showDigest(language, digest);
  for (const stance of [result.stance].flat()) showStance(stance);
  for (const warning of result.warnings) add($("warnings"), "li", warning);
  const made = [result.engine.name, result.engine.model].filter(Boolean).join(", ");
  $("made").textContent =
    `${made} · ${result.language} · ${result.reading.kept} / ${result.reading.characters} characters 字符` +
    ` · ${(result.timing.total_ms / 1000).toFixed(1)} s`;
  $("answer").hidden = false;
}

function say(text, isError = false) {
  $("status").textContent = text;
  $("status").className = isError ? "error" : "";
}

async function ask(event) {
  event.preventDefault();
  const form = event.target;
  const target = form.elements.target.value.trim();
  const body = { text: form.elements.text.value, length: form.elements.length.value, zh_script: form.elements.zh_script.value };
  if (target) body.targets = [target];
  const button = form.querySelector("button");
  button.disabled = true;
  $("answer").hidden = true;
  say("Reading … 阅读中……");
  try {
    const response = await fetch("summarize", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail ?? response.statusText);
    show(answer);
    say("");
  } catch (error) {
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
}

$("ask").addEventListener("submit", ask);
