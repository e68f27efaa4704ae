const root = document.documentElement, button = document.getElementById("language");
button.addEventListener("click", () => {
  root.lang = root.lang === "vi" ? "en" : "vi";
  document.title = button.dataset["title" + (root.lang === "vi" ? "Vi" : "En")];
});
