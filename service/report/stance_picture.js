"use strict";
const SVG = "http://www.w3.org/2000/svg";
const LABELS = ["against", "none", "favor"];
/** A shape for each label: color alone would tell nothing on paper, or to some eyes. */
const SHAPES = { against: "M-6,-5 H6 L0,6 Z", none: "M-5,-5 H5 V5 H-5 Z", favor: "M-6,5 H6 L0,-6 Z" };
const MARKS_IN_ROW = 6;
const MOST_ROWS = 5;
const MOST_TARGETS = 6;
const ROW_HEIGHT = 18;
const HEAD_HEIGHT = 24;

function drawn(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A figure for each of the targets that most articles take a stance on; `targets` are pairs of a
 * target and its stances. `words` names a label, `outlet` the article of a stance. */
function stancePictures(targets, words, outlet) {
  return targets.filter(([, of]) => of.length > 1).sort(([, one], [, other]) => other.length - one.length)
    .slice(0, MOST_TARGETS).map(([target, of]) => {
      const caption = document.createElement("figcaption");
      caption.append(target);
      const figure = document.createElement("figure");
      figure.className = "picture";
      figure.append(caption, stancePicture(of, words, outlet));
      return figure;
    });
}

/** Three lanes, one a label; each article is a mark in the lane of its stance. Lanes are as wide as
 * the page allows, marks and words keep their size. */
function stancePicture(stances, words, outlet) {
  const lanes = LABELS.map((label) => stances.filter((stance) => stance.label === label));
  const most = Math.max(...lanes.map((lane) => lane.length));
  const rows = Math.min(MOST_ROWS, Math.ceil(most / MARKS_IN_ROW));
  const names = lanes.map((lane, index) => `${words(LABELS[index])} ${lane.length}`);
  return drawn("svg", { role: "img", "aria-label": names.join(", "), height: HEAD_HEIGHT + rows * ROW_HEIGHT, width: "100%" },
    ...lanes.flatMap((lane, index) => drawnLane(lane, index, names[index], outlet)));
}

function drawnLane(lane, index, name, outlet) {
  const width = 100 / LABELS.length;
  const left = width * index;
  const places = MARKS_IN_ROW * MOST_ROWS;
  const shown = lane.length > places ? lane.slice(0, places - 2) : lane; // "+12" takes two places
  const marks = shown.map((stance, place) => {
    const inRow = Math.min(MARKS_IN_ROW, lane.length - place + place % MARKS_IN_ROW);
    const x = left + width * (0.5 + (place % MARKS_IN_ROW - (inRow - 1) / 2) / MARKS_IN_ROW);
    return drawn("svg", { x: `${x}%`, y: middle(place), overflow: "visible" },
      drawn("path", { d: SHAPES[LABELS[index]], class: `mark ${LABELS[index]}` }, drawn("title", {}, outlet(stance))));
  });
  const edge = index ? [drawn("line", { x1: `${left}%`, x2: `${left}%`, y1: 0, y2: "100%" })] : [];
  const more = shown.length < lane.length ? [drawn("text",
    { x: `${left + width * (1 - 1 / MARKS_IN_ROW)}%`, y: middle(places - 1), class: "more" }, `+${lane.length - shown.length}`)] : [];
  return [...edge, drawn("text", { x: `${left + width / 2}%`, y: 14 }, name), ...marks, ...more];
}

/** The height of the middle of the row that a place is in. */
function middle(place) {
  return HEAD_HEIGHT + ROW_HEIGHT * (Math.floor(place / MARKS_IN_ROW) + 0.5);
}
