"use strict";

const count = 10; // recommendations to show
const part = (id) => document.getElementById(id);
const choice = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
const nameOf = (item) => item.title ?? item.item;
const idsOf = (items) => items.map((item) => item.item);

let key = null;
let user = null; // the customer that was looked up
let turn = 0; // the newest request for the list; replies to older ones are dropped
let arms = 1; // the number of served models

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  drawing.firstChild.setAttribute("href", "#icon-" + name);
  return drawing;
}

/// Announces `text` to screen readers.
function say(text) { part("status").textContent = text; }

// Requests: what to ask, and the same in Swift for the code panel.

const requests = {
  history(history, exclude) {
    return {
      path: "/v1/recommendations",
      body: { history, top: count, ...(exclude.length ? { exclude } : {}) },
      swift: `recommendations(${count}, havingLiked: ${swiftList(history)}${swiftExcluding(exclude)})`,
    };
  },
  stored(user, exclude) {
    const excluding = exclude.length ? "&exclude=" + exclude.map(encodeURIComponent).join(",") : "";
    return {
      path: `/v1/users/${encodeURIComponent(user)}/recommendations?top=${count}${excluding}`,
      swift: `recommendations(${count}, for: ${swiftText(user)}${swiftExcluding(exclude)})`,
    };
  },
  similar(item) {
    return {
      path: `/v1/items/${encodeURIComponent(item)}/similar?top=${count}`,
      swift: `similar(${count}, to: ${swiftText(item)})`,
    };
  },
};

async function ask({ path, body }) {
  const headers = {};
  if (key) headers["Authorization"] = "Bearer " + key;
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) })
    .catch(() => { throw new Refusal({ type: "unreachable" }); });
  const reply = await response.json().catch(() => ({}));
  if (response.ok) return reply;
  if (response.status === 401) lock();
  throw new Refusal({ title: "The service replied with status " + response.status, ...reply });
}

// Refusals of the service: in plain words where the service's own are for programmers.

const plainWords = {
  "unreachable": "The service does not answer. It may have been stopped.",
  "busy": "The service is busy. Try again in a moment.",
  "too-many-requests": "The service allows fewer requests than these. Wait a moment, then try again.",
  "not-comparable": "This model does not compare items, so it has no similar ones.",
  "scope-needed": "This key does not allow reading. Reload the page and use one with the scope read.",
};

class Refusal extends Error {
  constructor(problem) {
    const name = (problem.type ?? "").replace("urn:foldin:problem:", "");
    super(plainWords[name] ?? problem.title + (problem.detail ? ": " + problem.detail : "") + ".");
    this.name = name;
  }
}

let again = null; // repeats the action that failed

/// The action `work`, with its failure shown.
function attempt(work) {
  const run = (...values) =>
    work(...values).then(
      () => { part("failure").hidden = true; },
      (error) => {
        if (error.name === "key-needed") return;
        again = () => run(...values);
        part("failure-text").textContent = error.message;
        part("failure").hidden = false;
      });
  return run;
}

part("retry").addEventListener("click", () => again());

// The API key.

function lock() {
  part("key-note").textContent = key ? "The service does not know this key." : "This service requires an API key.";
  part("page").hidden = true;
  part("failure").hidden = true;
  part("lock").hidden = false;
  part("key").select();
}

part("key-form").addEventListener("submit", attempt(async (event) => {
  event.preventDefault();
  key = encodeURI(part("key").value.trim()); // a header has no letters outside ASCII, and neither has a key
  await ask({ path: "/v1/models" });
  part("lock").hidden = true;
  part("page").hidden = false;
  part("liked-query").focus();
  showCard();
  recommend();
}));

// Pickers: a combobox whose list shows the items found, and chips for the items picked.

function picker(name, changed) {
  const [field, list, chips] = [part(name + "-query"), part(name + "-found"), part(name)];
  const picked = []; // {item, title}, in the order picked
  let found = [];
  let chosen = -1;
  let searching = 0;

  const search = attempt(async () => {
    const query = field.value.trim();
    const mine = ++searching;
    const reply = query ? await ask({ path: "/v1/items?top=12&query=" + encodeURIComponent(query) }) : { items: [] };
    if (mine !== searching) return;
    found = reply.items.filter((item) => !idsOf(picked).includes(item.item));
    chosen = found.length ? 0 : -1;
    const options = found.map((item, index) => {
      const option = element("li", nameOf(item), { role: "option", id: `${name}-found-${index}` });
      if (item.title) option.append(element("span", item.item, { class: "id" }));
      option.addEventListener("mousedown", (event) => {
        event.preventDefault(); // keeps the focus in the field
        pick(item);
      });
      return option;
    });
    if (query && !options.length) options.push(element("li", "No such item", { role: "option", "aria-disabled": "true" }));
    list.replaceChildren(...options);
    mark();
    if (query) say(found.length === 1 ? "1 item found" : found.length + " items found");
  });

  function mark() {
    list.hidden = !list.children.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    if (chosen >= 0) {
      field.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function close() {
    searching++;
    [found, chosen] = [[], -1];
    list.replaceChildren();
    mark();
  }

  function pick({ item, title }) {
    field.value = "";
    close();
    if (idsOf(picked).includes(item)) return;
    picked.push({ item, title });
    showChips();
    changed();
  }

  function drop(item) {
    const place = picked.indexOf(item);
    picked.splice(place, 1);
    showChips();
    const buttons = chips.querySelectorAll("button");
    (buttons[Math.min(place, buttons.length - 1)] ?? field).focus();
    changed();
  }

  function showChips() {
    chips.replaceChildren(
      ...picked.map((item) => {
        const button = element("button", undefined, { type: "button", "aria-label": "Remove " + nameOf(item), title: nameOf(item) });
        button.append(element("span", nameOf(item)), icon("remove"));
        button.addEventListener("click", () => drop(item));
        const row = element("li");
        row.append(button);
        return row;
      }));
  }

  field.addEventListener("input", search);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
    } else if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
    } else if (event.key === "Enter" && chosen >= 0) {
      pick(found[chosen]);
    } else {
      return;
    }
    event.preventDefault();
  });
  return { picked, pick };
}

const liked = picker("liked", () => {
  part("liked-empty").hidden = liked.picked.length > 0;
  part("liked").classList.toggle("numbered", liked.picked.length > 1);
  recommend();
});
const excluded = picker("excluded", () => recommend());

// The customer: a history that is picked here, or stored events.

for (const radio of document.querySelectorAll('input[name="mode"]')) {
  radio.addEventListener("change", () => {
    part("history-part").hidden = choice("mode") !== "history";
    part("stored-part").hidden = choice("mode") !== "stored";
    recommend();
  });
}

part("stored-part").addEventListener("submit", (event) => {
  event.preventDefault();
  user = part("user").value.trim() || null;
  recommend();
});

// The list: recommendations or similar items.

const recommend = attempt(async () => {
  const mine = ++turn;
  const stored = choice("mode") === "stored";
  const history = stored ? [] : idsOf(liked.picked);
  part("output-heading").textContent = "Recommendations";
  part("back").hidden = true;
  if (stored && !user) return showNothing("Enter the id of a customer, then press Look up.");
  const request = (stored ? requests.stored : requests.history)(stored ? user : history, idsOf(excluded.picked));
  const reply = await ask(request).catch((error) => {
    if (!stored || error.name !== "not-found") throw error;
    return null;
  });
  // Which items of the history count is worth a second request, but no failure.
  const explained = history.length > 1 && history.length <= 500 && reply.kind === "personal" && reply.items.length
    ? await ask({ path: "/v1/explanations", body: { history, items: idsOf(reply.items), top: 2 } }).catch(() => null) : null;
  if (mine !== turn) return;
  showCode(request);
  if (!reply) return showNothing("This service stores no events. Start it with foldin serve --events FILE, and send events to /v1/events.");
  const isPersonal = reply.kind === "personal";
  const areUsers = !isPersonal && reply.items.every((item) => Number.isInteger(item.score));
  show(reply.items, areUsers ? "Users" : "Score", {
    basis: basisOf(isPersonal, stored, history.length, explained) + (arms > 1 ? ` Model: ${reply.model.arm}.` : ""),
    reasons: new Map(explained?.explanations.map((explanation) => [explanation.item, reasonsOf(explanation, history)])),
    isSimilar: false,
  });
  if (reply.items.length) say((isPersonal ? "Recommendations changed, first: " : "Popular items, first: ") + nameOf(reply.items[0]));
});

function basisOf(isPersonal, isStored, length, explained) {
  if (isStored) return isPersonal ? `From the stored events of customer ${user}.` : `Customer ${user} has no stored likes. These are the most popular items.`;
  if (!isPersonal) return length ? "The model knows no item of this history. These are the most popular items." : "The most popular items, while the history is empty. Press a title for similar items.";
  return explained ? "From this history. Small numbers: which of its items count most." : "From this history.";
}

/// The places in the history of the strongest reason, and of the next one if it is nearly as strong.
function reasonsOf(explanation, history) {
  const strongest = explanation.because[0]?.contribution;
  return explanation.because.filter((reason) => reason.contribution > 0 && reason.contribution > 0.7 * strongest)
    .map((reason) => history.indexOf(reason.item));
}

const showSimilar = attempt(async (item) => {
  const mine = ++turn;
  const request = requests.similar(item.item);
  const reply = await ask(request);
  if (mine !== turn) return;
  showCode(request);
  part("output-heading").textContent = "Similar to " + nameOf(item);
  part("back").hidden = false;
  show(reply.items, "Cosine", { basis: "The items with the closest vectors in the model.", isSimilar: true });
  if (reply.items.length) say("Similar items, first: " + nameOf(reply.items[0]));
  part("output-heading").focus();
});

part("back").addEventListener("click", () => {
  part("output-heading").focus();
  recommend();
});

function showNothing(text) {
  if (part("items").contains(document.activeElement)) part("output-heading").focus();
  for (const name of ["basis", "items"]) part(name).replaceChildren();
  part("unit").parentElement.hidden = true;
  part("nothing").textContent = text;
  part("nothing").hidden = false;
  say(text);
}

function show(items, unit, { basis, reasons = new Map(), isSimilar }) {
  if (!items.length) return showNothing("No other item is left.");
  const active = document.activeElement;
  const place = [...part("items").children].indexOf(active.closest("#items > li"));
  part("nothing").hidden = true;
  part("basis").textContent = basis;
  part("unit").textContent = unit;
  part("unit").parentElement.hidden = false;
  const lengths = barLengths(items.map((item) => item.score), unit !== "Score");
  part("items").replaceChildren(
    ...items.map((item, index) => {
      const row = element("li");
      row.dataset.item = item.item;
      const title = element("button", nameOf(item), { type: "button", class: "title", title: nameOf(item), "aria-label": nameOf(item) + ": similar items" });
      title.addEventListener("click", () => showSimilar(item));
      const why = element("span", undefined, { class: "why" });
      why.append(...(reasons.get(item.item) ?? []).map(badge));
      const bar = element("span", undefined, { class: "bar", "aria-hidden": "true" });
      bar.append(element("span"));
      bar.firstChild.style.inlineSize = 100 * lengths[index] + "%";
      const score = element("span", scoreText(item.score), { class: "score" });
      score.prepend(element("span", unit + " ", { class: "unseen" }));
      row.append(title, why, bar, score);
      for (const [act, word, into] of [["add", "Add to the history", liked], ["exclude", "Do not recommend", excluded]]) {
        if (act === "add" ? choice("mode") === "stored" || idsOf(liked.picked).includes(item.item) : isSimilar) continue;
        const button = element("button", undefined, { type: "button", class: "act " + act, title: word, "aria-label": `${word}: ${nameOf(item)}` });
        button.append(icon(act));
        button.addEventListener("click", () => into.pick(item));
        row.append(button);
      }
      return row;
    }));
  // The keyboard stays where it was: on the same button of the row that is now in this place.
  if (place >= 0) {
    const row = part("items").children[Math.min(place, items.length - 1)];
    (row?.querySelector("." + active.className.split(" ").pop()) ?? part("output-heading")).focus();
  }
}

/// The number of an item of the history, as its chip has it.
function badge(place) {
  const item = liked.picked[place];
  const made = element("span", undefined, { class: "badge", title: nameOf(item) });
  made.append(element("span", "because of " + nameOf(item), { class: "unseen" }), element("span", String(place + 1), { "aria-hidden": "true" }));
  return made;
}

/// Lengths from 0 to 1. The zero of a score has no meaning (`hasZero` false): then the bars show the differences, and the shortest is a fifth.
function barLengths(scores, hasZero) {
  const [least, best] = [Math.min(...scores), Math.max(...scores)];
  const start = hasZero ? Math.min(0, least) : least - (best - least) / 4;
  return scores.map((score) => (best > start ? (score - start) / (best - start) : 1));
}

function scoreText(score) {
  return Number.isInteger(score) ? score.toLocaleString("en") : Math.abs(score) >= 100 ? score.toFixed(0) : score.toPrecision(3);
}

// The last request in code, to copy.

const shellText = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
const swiftText = (text) =>
  '"' + text.replace(/["\\]/g, "\\$&").replace(/[\u0000-\u001f\u007f]/g, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`) + '"';
const swiftList = (ids) => "[" + ids.map(swiftText).join(", ") + "]";
const swiftExcluding = (exclude) => (exclude.length ? ", excluding: " + swiftList(exclude) : "");

// Keys are secrets: code takes them from the environment.
const snippets = {
  curl: ({ path, body }) => [
    "curl " + shellText(location.origin + path),
    ...(key ? ['-H "Authorization: Bearer $FOLDIN_KEY"'] : []),
    ...(body ? ["-H 'Content-Type: application/json'", "-d " + shellText(JSON.stringify(body))] : []),
  ].join(" \\\n  "),
  swift: ({ swift }) => [
    "import FoldinClient",
    "import Foundation",
    "",
    ...(key ? ['let key = ProcessInfo.processInfo.environment["FOLDIN_KEY"]'] : []),
    `let client = FoldinClient(URL(string: ${swiftText(location.origin)})!${key ? ", key: key" : ""})`,
    `let reply = try await client.${swift}`,
    "for item in reply.items { print(item.title ?? item.item, item.score) }",
  ].join("\n"),
  python: ({ path, body }) => [
    key ? "import json, os" : "import json",
    "from urllib.request import Request, urlopen",
    "",
    `request = Request(${JSON.stringify(location.origin + path)})`,
    ...(key ? ['request.add_header("Authorization", "Bearer " + os.environ["FOLDIN_KEY"])'] : []),
    ...(body ? ['request.add_header("Content-Type", "application/json")', `request.data = json.dumps(${JSON.stringify(body)}).encode()`] : []),
    'for item in json.load(urlopen(request))["items"]:',
    '    print(item.get("title", item["item"]), item["score"])',
  ].join("\n"),
};

let shown = null; // the request that the code makes

function showCode(request) {
  shown = request ?? shown;
  if (shown) part("snippet").textContent = snippets[choice("language")](shown);
}

for (const radio of document.querySelectorAll('input[name="language"]')) radio.addEventListener("change", () => showCode());

part("copy").addEventListener("click", async () => {
  const text = part("snippet").textContent;
  getSelection().selectAllChildren(part("snippet"));
  // Without TLS only pages of this machine have the clipboard; the older command copies the selection.
  const isCopied = navigator.clipboard
    ? await navigator.clipboard.writeText(text).then(() => true, () => false) : document.execCommand("copy");
  part("copy").textContent = isCopied ? "Copied" : "Press Ctrl+C";
  say(isCopied ? "Copied" : "The code is selected. Press Control C.");
  setTimeout(() => { part("copy").textContent = "Copy"; }, 2000);
});

// The card of the model.

// The training options that matter most; the others are folded.
const mainOptions = ["epochs", "batch-size", "learning-rate", "dropout", "neighbours", "shrinkage"];

const showCard = attempt(async () => {
  const { models } = await ask({ path: "/v1/models" });
  arms = models.length;
  part("card").replaceChildren(...models.flatMap((model) => cardOf(model, models.length > 1)));
});

function cardOf(model, isOneOfTwo) {
  const [, family, structure] = model.architecture.match(/^([^ ,]*),? ?(.*)$/);
  const layers = /^I(-\d+)*-I$/.test(structure) ? structure.replaceAll("I", model.items).split("-").map((width) => Number(width).toLocaleString("en")).join(" → ") : "";
  const metrics = Object.entries(model.metrics).sort();
  const tested = metrics.filter(([name]) => name.startsWith("test "));
  const options = Object.entries(model.options).sort();
  const training = mainOptions.filter((name) => name in model.options).map((name) => name + " " + model.options[name]).join(", ");
  const time = (text) => text.replace("T", " ").replace(/:\d\dZ$/, " UTC");

  const parts = [];
  if (isOneOfTwo) parts.push(element("h3", `${model.arm}: ${Math.round(100 * model.share)}% of users`));
  if (model.failure) parts.push(element("p", "A newer file was refused: " + model.failure, { class: "warning" }));
  if (tested.length) {
    const tiles = facts(tested.map(([name, value]) => [name.slice(5), value.toFixed(3)]));
    tiles.className = "tiles";
    parts.push(element("p", "Metrics on the test users", { class: "hint" }), tiles);
  }
  parts.push(facts([
    ["Family", family], ["Items", model.items.toLocaleString("en")], [layers ? "Layers" : "Size", layers || structure],
    ["Training", training], ["Written", time(model.modified)], ["Version", model.version],
  ]));
  const rest = element("details");
  const scrolled = element("div", undefined, { tabindex: 0, role: "group", "aria-label": "File and all options" });
  rest.append(element("summary", "File and all options"), scrolled);
  scrolled.append(facts([
    ["File", model.file], ["Size", (model.bytes / 1e6).toFixed(1) + " MB"], ["Loaded", time(model.loaded)], ["Data (SHA-256)", model.data],
    ...metrics.filter((metric) => !tested.includes(metric)).map(([name, value]) => [name, value.toFixed(4)]), ...options,
  ]));
  parts.push(rest);
  return parts;
}

/// A list of names and values; those without a value are left out.
function facts(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs.filter(([, value]) => value)) {
    const pair = element("div");
    pair.append(element("dt", name), element("dd", value));
    list.append(pair);
  }
  return list;
}

showCard();
recommend();
