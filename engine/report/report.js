// What pytest-html's page lacks: its language, and rows and column titles that a keyboard reaches.
document.documentElement.lang = "en";
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
