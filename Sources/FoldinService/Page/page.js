"use strict";

const part = (id) => document.getElementById(id);
const liked = []; // {item, title}, in the order picked
let key = null;
let turn = 0; // the newest request for recommendations; replies to older ones are dropped

const nameOf = (item) => item.title ?? item.item;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

async function ask(path, body) {
  const headers = {};
  if (key) headers["Authorization"] = "Bearer " + key;
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  const reply = await response.json();
  if (response.ok) return reply;
  if (response.status === 401) {
    part("key-section").hidden = false;
    part("key").focus();
  }
  throw new Error(reply.title + ": " + reply.detail);
}

function attempt(work) {
  return (...values) =>
    work(...values).then(
      () => { part("failure").hidden = true; },
      (error) => {
        part("failure").textContent = error.message;
        part("failure").hidden = false;
      });
}

// Search: a combobox whose list shows the matches of the text.

let found = [];
let chosen = -1;
let searching = 0;

const search = attempt(async () => {
  const query = part("query").value.trim();
  const mine = ++searching;
  const items = query ? (await ask("/v1/items?top=12&query=" + encodeURIComponent(query))).items : [];
  if (mine !== searching) return;
  found = items.filter((item) => !liked.some((other) => other.item === item.item));
  chosen = found.length ? 0 : -1;
  part("found").replaceChildren(
    ...found.map((item, index) => {
      const option = element("li", nameOf(item), { role: "option", id: "found-" + index });
      option.addEventListener("mousedown", (event) => {
        event.preventDefault(); // keeps the focus in the field
        like(item);
      });
      return option;
    }));
  mark();
  if (query) say(found.length === 1 ? "1 title found" : found.length + " titles found");
});

function mark() {
  part("found").hidden = found.length === 0;
  part("query").setAttribute("aria-expanded", String(found.length > 0));
  [...part("found").children].forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
  if (chosen >= 0) {
    part("query").setAttribute("aria-activedescendant", "found-" + chosen);
    part("found").children[chosen].scrollIntoView({ block: "nearest" });
  } else {
    part("query").removeAttribute("aria-activedescendant");
  }
}

function closeList() {
  searching++;
  found = [];
  chosen = -1;
  mark();
}

part("query").addEventListener("input", search);
part("query").addEventListener("blur", closeList);
part("query").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeList();
  } else if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
    mark();
  } else if (event.key === "Enter" && chosen >= 0) {
    like(found[chosen]);
  } else {
    return;
  }
  event.preventDefault();
});

// Liked titles and their recommendations.

function like(item) {
  if (!liked.some((other) => other.item === item.item)) liked.push({ item: item.item, title: item.title });
  part("query").value = "";
  closeList();
  showLiked();
  recommend();
}

function dislike(item) {
  const place = liked.findIndex((other) => other.item === item.item);
  liked.splice(place, 1);
  showLiked();
  const buttons = part("liked").querySelectorAll("button");
  (buttons[Math.min(place, buttons.length - 1)] ?? part("query")).focus();
  recommend();
}

function showLiked() {
  part("liked").replaceChildren(
    ...liked.map((item) => {
      const button = element("button", nameOf(item), { type: "button", "aria-label": "Remove " + nameOf(item) });
      button.addEventListener("click", () => dislike(item));
      const row = element("li");
      row.append(button);
      return row;
    }));
}

const recommend = attempt(async () => {
  const mine = ++turn;
  const history = liked.map((item) => item.item);
  const reply = await ask("/v1/recommendations", { history, top: 12 });
  if (mine !== turn) return;
  part("basis").textContent =
    reply.kind === "popular" ? "Popular titles: pick some that you like to make these yours." : "From what you like.";
  show("next", reply.items);
  say(reply.kind === "popular" ? "Showing popular titles" : "Recommendations changed: first " + nameOf(reply.items[0] ?? { item: "none" }));
  if (reply.kind === "popular" || !reply.items.length) return;
  const explained = await ask("/v1/explanations", { history, items: reply.items.map((item) => item.item) });
  if (mine !== turn) return;
  for (const explanation of explained.explanations) {
    // The strongest reason, and the next one if it is nearly as strong.
    const reasons = explanation.because.slice(0, 2)
      .filter((reason, _, [strongest]) => reason.contribution > 0 && reason.contribution > 0.7 * strongest.contribution);
    const row = [...part("next").children].find((row) => row.dataset.item === explanation.item);
    if (row && reasons.length) {
      row.querySelector(".title").append(element("span", "because you liked " + reasons.map(nameOf).join(" and "), { class: "why" }));
    }
  }
});

function show(list, items) {
  part(list).replaceChildren(
    ...items.map((item) => {
      const row = element("li");
      row.dataset.item = item.item;
      const acts = element("div", undefined, { class: "acts" });
      for (const [word, act] of [["Like", () => like(item)], ["Similar", () => showSimilar(item)]]) {
        const button = element("button", word, { type: "button", "aria-label": word + ": " + nameOf(item) });
        button.addEventListener("click", () => {
          act();
          if (word === "Like") part("query").focus({ preventScroll: true });
        });
        acts.append(button);
      }
      row.append(element("div", nameOf(item), { class: "title" }), acts);
      return row;
    }));
}

const showSimilar = attempt(async (item) => {
  const reply = await ask("/v1/items/" + encodeURIComponent(item.item) + "/similar?top=8");
  part("similar-heading").textContent = "Similar to " + nameOf(item);
  show("similar", reply.items);
  part("similar-section").hidden = false;
  part("similar-heading").focus();
});

part("similar-close").addEventListener("click", () => {
  part("similar-section").hidden = true;
  part("query").focus();
});

// The card of the model.

const showCard = attempt(async () => {
  const { models } = await ask("/v1/models");
  part("card").replaceChildren();
  for (const model of models) {
    if (models.length > 1) part("card").append(element("h3", model.arm + ": " + Math.round(100 * model.share) + " % of users"));
    const list = element("dl");
    const facts = [
      ["File", model.file], ["Version", model.version], ["Network", model.architecture], ["Items", model.items.toLocaleString("en")],
      ["Written", model.modified.replace("T", " ").replace("Z", " UTC")], ["Data", model.data ? model.data.slice(0, 12) : "not known"],
      ...Object.entries(model.metrics).sort().map(([name, value]) => [name, value.toFixed(4)]),
      ["Trained with", Object.entries(model.options).sort().map(([name, value]) => name + " " + value).join(", ") || "not known"],
    ];
    if (model.failure) facts.push(["Not loaded", model.failure]);
    for (const [name, value] of facts) list.append(element("dt", name), element("dd", String(value)));
    part("card").append(list);
  }
});

function say(text) { part("status").textContent = text; }

part("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = part("key").value.trim();
  part("key-section").hidden = true;
  part("query").focus();
  recommend();
  showCard();
});

recommend();
showCard();
