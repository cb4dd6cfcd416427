// What pytest-html's page lacks: language, landmark, names of its filters, a table for the keyboard.
document.documentElement.lang = "en";
document.addEventListener("DOMContentLoaded", () => {
  const main = document.createElement("main");
  main.append(...document.body.children);
  document.body.append(main);
  for (const box of document.querySelectorAll("input.filter")) {
    box.ariaLabel = box.nextElementSibling.textContent.replace(",", "").trim();
  }
});
document.addEventListener("keydown", (event) => {
  const cell = event.target;
  if (!["Enter", " "].includes(event.key) || !cell.matches(".col-step, .sortable")) return;
  event.preventDefault();
  const row = cell.closest("tbody")?.id;
  cell.click(); // its script draws the whole table anew
  (row ? document.getElementById(row)?.querySelector(".col-step") : cell)?.focus();
});
addEventListener("load", () => {
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
});
