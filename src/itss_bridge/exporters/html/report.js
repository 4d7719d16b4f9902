"use strict";
(() => {
  const root = document.documentElement;
  const all = (query, within = document) => Array.from(within.querySelectorAll(query));
  const first = root.dataset.language;
  const other = new Map(Object.entries(JSON.parse(document.getElementById("words").textContent)));
  root.classList.add("scripts");

  // Both languages of each marked text: what stood there first, and the other one.
  const texts = new Map();
  for (const element of all("i")) {
    const shown = element.textContent;
    texts.set(element, [shown, element.dataset.other ?? other.get(shown) ?? shown]);
  }
  const labels = all("[data-label]").map((e) => [e, e.getAttribute("aria-label"), e.dataset.label]);

  const speak = (language) => {
    const place = language === first ? 0 : 1;
    for (const [element, pair] of texts) element.textContent = pair[place];
    for (const [element, ...pair] of labels) {
      element.setAttribute("aria-label", pair[place]);
      if (element.hasAttribute("placeholder")) element.setAttribute("placeholder", pair[place]);
    }
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    for (const button of all("[data-set-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLanguage === language));
    }
    count();
  };

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const reset = document.getElementById("reset");
  const filters = all("[data-filter]");
  const rows = all("[data-status]").map((element) => ({ element, words: null }));

  // A row is found by its id and by its words in either language.
  const wordsOf = (row) => {
    if (row.words === null) {
      const both = all("i", row.element).flatMap((element) => texts.get(element) ?? []);
      row.words = [row.element.id, row.element.dataset.id, row.element.textContent, ...both].join(" ").toLowerCase();
    }
    return row.words;
  };

  const wanted = () => filters.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.filter);

  const count = () => {
    const items = all("#requirements [data-status]");
    const visible = items.filter((element) => !element.hidden).length;
    const active = search.value.trim() !== "" || wanted().length > 0;
    const told = document.getElementById("say-shown").textContent;
    shown.textContent = active ? told.replace("{n}", visible).replace("{all}", items.length) : "";
    reset.hidden = !active;
  };

  const filter = () => {
    const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const statuses = wanted();
    for (const row of rows) {
      const fits = !statuses.length || statuses.includes(row.element.dataset.status);
      row.element.hidden = !fits || !asked.every((word) => wordsOf(row).includes(word));
    }
    for (const group of all(".heat tbody")) group.hidden = !group.querySelector("tr[data-status]:not([hidden])");
    for (const note of all(".empty")) note.hidden = Boolean(note.parentElement.querySelector("[data-status]:not([hidden])"));
    count();
  };

  const showAll = () => {
    search.value = "";
    for (const button of filters) button.setAttribute("aria-pressed", "false");
    filter();
  };

  // What a check rests on stands once in the page; a requirement that is opened shows a copy of it.
  const fill = (place) => {
    const body = document.getElementById(`e-${place.dataset.check}`)?.querySelector(".body");
    if (!body || place.querySelector(".copy")) return;
    const copy = body.cloneNode(true);
    copy.className = "copy";
    const originals = all("i", body);
    all("i", copy).forEach((element, n) => texts.set(element, texts.get(originals[n])));
    place.append(copy);
  };

  const target = () => {
    try {
      return document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return null;
    }
  };

  const open = () => {
    const found = target();
    if (!found) return;
    for (let element = found; element; element = element.parentElement) {
      element.hidden = false;
      if (element.tagName === "DETAILS") element.open = true;
    }
    for (const place of all("[data-check]", found)) fill(place);
    found.scrollIntoView();
    (found.querySelector(":scope > summary") ?? (found.tabIndex >= 0 ? found : null))?.focus({ preventScroll: true });
  };

  addEventListener("toggle", (event) => {
    if (event.target.open) for (const place of all("[data-check]", event.target)) fill(place);
  }, true);
  for (const button of all("[data-set-language]")) {
    button.addEventListener("click", () => speak(button.dataset.setLanguage));
  }
  for (const button of filters) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  reset.addEventListener("click", () => {
    showAll();
    search.focus();
  });
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") showAll();
  });
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
  });
  document.querySelector("[data-print]").addEventListener("click", () => print());
  addEventListener("hashchange", open);
  open();
})();
