// Shows /api/openapi.json, and tries its routes. The token stays in its field: nothing is stored, nothing is loaded from
// elsewhere, and what the document says becomes text, never HTML.
"use strict";

const byId = (id) => document.getElementById(id);
const METHODS = ["get", "post", "put", "patch", "delete"];
let api;

function made(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// Of Markdown: paragraphs, lists, `code` and **weight**.
function words(text = "") {
  const inline = (line) => line.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`")) return made("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return made("b", {}, part.slice(2, -2));
    return part;
  });
  return text.split(/\n\n+/).filter((it) => it.trim()).map((block) => {
    const lines = block.split("\n");
    if (!lines.every((line) => line.startsWith("- "))) return made("p", {}, ...inline(block));
    return made("ul", {}, ...lines.map((line) => made("li", {}, ...inline(line.slice(2)))));
  });
}

const json = (value) => JSON.stringify(value, null, 2);

function named(thing) {
  let found = thing;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((part, name) => part && part[name], api);
  }
  return found || {};
}

const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : null);

// What a schema asks for, in a few words.
function kind(schema) {
  if (schema === true) return "anything";
  if (schema.$ref) return nameOf(schema);
  const ways = schema.anyOf || schema.oneOf;
  if (ways && !schema.type) return ways.map(kind).join(" or ");
  const types = [].concat(schema.type || "anything");
  const told = types.map((type) => (type === "array" && schema.items ? `list of ${kind(schema.items)}` : type));
  const limits = [];
  const range = (least, most, unit) => {
    // What only the size of a number says is of no interest to anybody.
    const tells = (bound) => bound != null && Math.abs(bound) < 2 ** 31 - 1;
    if (tells(least) && tells(most)) limits.push(`${least} to ${most}${unit}`);
    else if (tells(least)) limits.push(`at least ${least}${unit}`);
    else if (tells(most)) limits.push(`at most ${most}${unit}`);
  };
  range(schema.minimum, schema.maximum, "");
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minItems, schema.maxItems, " items");
  if (schema.format === "date-time") limits.push("RFC 3339");
  return told.join(" or ") + (limits.length ? `, ${limits.join(", ")}` : "");
}

// The schemas within one that have fields of their own.
function inner(schema) {
  if (!schema || schema === true) return null;
  if (schema.$ref) return inner(named(schema)) ? schema : null;
  if (schema.properties) return schema;
  if (schema.items) return inner(schema.items);
  const ways = (schema.anyOf || schema.oneOf || schema.allOf || []).map(inner).filter(Boolean);
  return ways.length ? ways[0] : null;
}

function field(name, schema, must) {
  const told = named(schema);
  const about = schema.description || (told !== schema && !told.properties ? told.description : "");
  const values = told.enum && !about ? [made("p", {}, "one of ", told.enum.join(", "))] : [];
  const deeper = inner(schema);
  return made("div", { class: "field" },
    made("span", { class: "name" }, name), made("span", { class: "kind" }, kind(schema)),
    must ? made("span", { class: "must" }, "required") : null,
    ...words(about), ...values, deeper ? later("fields", () => fields(deeper)) : null);
}

function fields(schema) {
  const whole = named(schema);
  const must = new Set(whole.required || []);
  const shown = inner(whole) && !whole.properties ? named(inner(whole)) : whole;
  const parts = Object.entries(shown.properties || {});
  // What must be there comes first, where not all must.
  const sorted = [...parts.filter(([name]) => must.has(name)), ...parts.filter(([name]) => !must.has(name))];
  const tells = must.size < parts.length;
  const rows = sorted.map(([name, part]) => field(name, part, tells && must.has(name)));
  return made("div", { class: "fields" }, ...rows);
}

// A part that is made when it is opened.
function later(title, make) {
  const part = made("details", { class: "more" }, made("summary", {}, title));
  part.addEventListener("toggle", () => part.append(make()), { once: true });
  return part;
}

function parameters(told) {
  const list = told.parameters || [];
  if (!list.length) return [];
  const rows = list.map((it) => {
    const place = it.in === "query" ? "?" : it.in === "header" ? "header " : "";
    return field(place + it.name, { ...it.schema, description: it.description || it.schema.description }, it.required);
  });
  return [made("h3", {}, "Parameters"), made("div", { class: "fields" }, ...rows)];
}

function body(told) {
  const content = told.requestBody && told.requestBody.content["application/json"];
  if (!content) return [];
  const title = `Body: ${nameOf(content.schema) || "JSON"}${told.requestBody.required ? "" : ", may be left out"}`;
  return [made("h3", {}, title), fields(content.schema), example(content)];
}

function example(content) {
  return "example" in content ? later("example", () => made("pre", {}, json(content.example))) : null;
}

// A good answer: what it holds.
function answer(status, given) {
  const parts = Object.entries(given.content || {}).flatMap(([type, it]) => [
    made("p", {}, made("code", {}, type), ` ${it.schema ? kind(it.schema) : ""}`),
    inner(it.schema) ? later("fields", () => fields(it.schema)) : null, example(it)]);
  return made("div", { class: "answer" }, made("b", {}, status), given.description, ...parts);
}

// A refusal: its codes, and what each means.
function refusal(status, given) {
  const [title, codes] = given.description.split("\n\n");
  return made("div", { class: "answer" }, made("b", {}, status), title, ...words(codes));
}

function answers(told) {
  const all = Object.entries(told.responses).map(([status, given]) => [status, named(given)]);
  const good = all.filter(([status]) => status < 300);
  const bad = all.filter(([status]) => status >= 300);
  const refusals = () => made("div", {}, ...bad.map((it) => refusal(...it)));
  return [made("h3", {}, "Answers"), ...good.map((it) => answer(...it)),
    made("h3", {}, "Refusals"), later(bad.map(([status]) => status).join(", "), refusals)];
}

function trial(method, path, told) {
  const inputs = (told.parameters || []).map((it) => {
    const words = named(it.schema).enum || (it.schema.type === "boolean" ? ["true", "false"] : null);
    const id = `${told.operationId}-${it.in}-${it.name}`;
    const input = words
      ? made("select", { id }, made("option", {}, ""), ...words.map((word) => made("option", {}, word)))
      : made("input", { id, autocomplete: "off", placeholder: it.required ? "required" : "" });
    return { it, input, row: made("div", { class: "row" }, made("label", { for: id }, it.name), input) };
  });
  const content = told.requestBody && told.requestBody.content["application/json"];
  const text = content && made("textarea", { "aria-label": "Body", spellcheck: "false" });
  if (text) text.value = json(content.example ?? {});
  const said = made("div", { class: "told", role: "status" });
  const button = made("button", { type: "button" }, "Send");
  button.addEventListener("click", async () => {
    const request = { method, headers: {} };
    let url = path;
    const query = new URLSearchParams();
    for (const { it, input } of inputs) {
      if (it.in === "path") url = url.replace(`{${it.name}}`, encodeURIComponent(input.value));
      else if (input.value && it.in === "query") query.set(it.name, input.value);
      else if (input.value) request.headers[it.name] = input.value;
    }
    if ([...query].length) url += `?${query}`;
    const token = byId("token").value.trim();
    if (token && told.security.length) request.headers.Authorization = `Bearer ${token}`;
    if (text && text.value.trim()) {
      request.body = text.value;
      request.headers["Content-Type"] = "application/json";
    }
    button.disabled = true;
    said.replaceChildren(...await sent(url, request));
    button.disabled = false;
  });
  const rows = inputs.map((it) => it.row);
  return made("div", { class: "try" }, made("h3", {}, "Try it"), ...rows, text, made("p", {}, button), said);
}

async function sent(url, request) {
  const began = performance.now();
  try {
    const answer = await fetch(url, { ...request, credentials: "omit", cache: "no-store" });
    const text = await answer.text();
    const took = Math.round(performance.now() - began);
    let shown = text;
    try { shown = json(JSON.parse(text)); } catch { /* It is no JSON, and is shown as it is. */ }
    const head = [`${answer.status} ${answer.statusText}`, `${took} ms`, answer.headers.get("content-type")];
    const wait = answer.headers.get("retry-after");
    if (wait) head.push(`again in ${wait} s`);
    return [made("p", { class: answer.ok ? null : "wrong" }, `${request.method} ${url}: ${head.filter(Boolean).join(" · ")}`),
      shown ? made("pre", {}, shown) : null].filter(Boolean);
  } catch (error) {
    return [made("p", { class: "wrong" }, `${request.method} ${url} was not answered: ${error.message}`)];
  }
}

function route(method, path, told) {
  const role = told["x-required-role"];
  const all = told["x-account-scope"] === "all";
  const inside = made("div", { class: "inside" });
  const whole = made("details", { class: "route", id: told.operationId },
    made("summary", {},
      made("span", { class: `method ${method}` }, method.toUpperCase()), made("span", { class: "path" }, path),
      made("span", { class: "says" }, told.summary),
      all ? made("span", { class: "pill", title: "Only with a token for all accounts" }, "all accounts") : null,
      made("span", { class: "pill", title: "The least role of its token" }, role || "no token")),
    inside);
  whole.addEventListener("toggle", () => {
    inside.append(...words(told.description), ...parameters(told), ...body(told).filter(Boolean),
      ...answers(told), trial(method.toUpperCase(), path, told));
  }, { once: true });
  // The last of the description says who may, in the same words everywhere.
  const about = told.description.split("\n\n").slice(0, -1).join(" ");
  whole.dataset.words = `${method} ${path} ${told.tags} ${told.summary} ${about} ${role || ""}`.toLowerCase();
  return whole;
}

function show() {
  byId("version").textContent = api.info.version;
  byId("about").append(...words(api.info.description),
    made("p", {}, "The document itself: ", made("a", { href: "/api/openapi.json" }, "/api/openapi.json")));
  for (const { name } of api.tags) {
    const found = Object.entries(api.paths).flatMap(([path, methods]) => METHODS
      .filter((method) => methods[method] && methods[method].tags.includes(name))
      .map((method) => route(method, path, methods[method])));
    const id = `group-${name.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    byId("groups").append(made("a", { href: `#${id}` }, name, made("span", {}, String(found.length))));
    byId("routes").append(made("section", {}, made("h2", { id }, name), ...found));
  }
  byId("state").hidden = true;
  const wanted = location.hash && byId(location.hash.slice(1));
  if (wanted) {
    if (wanted.matches("details")) wanted.open = true;
    wanted.scrollIntoView();
  }
}

byId("find").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of document.querySelectorAll(".route")) {
    one.hidden = !wanted.every((word) => one.dataset.words.includes(word));
  }
  for (const group of document.querySelectorAll("#routes section")) {
    group.hidden = !group.querySelector(".route:not([hidden])");
  }
});

fetch("/api/openapi.json", { credentials: "omit" })
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`it answered ${answer.status}`))))
  .then((told) => { api = told; show(); })
  .catch((error) => {
    byId("state").textContent = `/api/openapi.json cannot be read: ${error.message}. Load the page again.`;
    byId("state").className = "wrong";
  });
