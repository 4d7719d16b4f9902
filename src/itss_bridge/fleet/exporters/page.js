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
  };
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const rows = all("#matrix [data-state]").map((row) => ({ row, words: row.textContent.toLowerCase() }));
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const filters = all("[data-filter]");
  const filter = () => {
    const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filters.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.filter);
    let visible = 0;
    for (const { row, words } of rows) {
      row.hidden = (wanted.length && !wanted.includes(row.dataset.state)) || !asked.every((word) => words.includes(word));
      visible += !row.hidden;
    }
    shown.textContent = visible === rows.length ? "" : `${visible} / ${rows.length}`;
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
})();
