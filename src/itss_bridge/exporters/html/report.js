"use strict";
(() => {
  const root = document.documentElement;
  const all = (query) => Array.from(document.querySelectorAll(query));
  root.classList.add("scripts");

  const speak = (language) => {
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    for (const button of all("[data-set-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLanguage === language));
    }
    for (const element of all("[data-label-zh]")) {
      const label = language === "zh" ? element.dataset.labelZh : element.dataset.labelEn;
      element.setAttribute("aria-label", label);
      if (element.hasAttribute("placeholder")) element.setAttribute("placeholder", label);
    }
    count();
  };

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const rows = all("[data-status]").map((element) => ({ element, words: null }));
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const filters = all("[data-filter]");

  const wordsOf = (row) => {
    row.words ??= `${row.element.dataset.id ?? ""} ${row.element.textContent}`.toLowerCase();
    return row.words;
  };

  const count = () => {
    const items = all("#requirements [data-status]");
    const visible = items.filter((element) => !element.hidden).length;
    shown.textContent = visible === items.length ? "" : `${visible} / ${items.length}`;
  };

  const filter = () => {
    const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filters.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.filter);
    for (const row of rows) {
      const fits = !wanted.length || wanted.includes(row.element.dataset.status);
      row.element.hidden = !fits || !asked.every((word) => wordsOf(row).includes(word));
    }
    for (const group of all(".heat tbody")) group.hidden = !group.querySelector("tr[data-status]:not([hidden])");
    count();
  };

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      element.hidden = false;
      if (element.tagName === "DETAILS") element.open = true;
    }
    target.scrollIntoView();
    target.querySelector("summary")?.focus({ preventScroll: true });
  };

  for (const button of all("[data-set-language]")) {
    button.addEventListener("click", () => speak(button.dataset.setLanguage));
  }
  for (const button of filters) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
  });
  document.querySelector("[data-print]").addEventListener("click", () => print());
  search.addEventListener("input", filter);
  addEventListener("hashchange", open);
  open();
})();
