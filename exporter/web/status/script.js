// The page is whole without this. With it times tick, the view renews itself, and the search answers while one types.
"use strict";
(() => {
  const every = 15000;
  const parts = ["summary", "sources", "results"];
  const live = document.getElementById("live");
  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const told = document.getElementById("told");
  // How far this machine's clock is ahead of the exporter's, in seconds.
  let ahead = Date.now() / 1000 - Number(document.body.dataset.now);
  let round = 0;
  let typing = 0;

  const two = (first, large, second, little) => second ? `${first} ${large} ${second} ${little}` : `${first} ${large}`;
  const span = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min`;
    if (whole < 86400) return two(Math.floor(whole / 3600), "h", Math.floor(whole % 3600 / 60), "min");
    return two(Math.floor(whole / 86400), "d", Math.floor(whole % 86400 / 3600), "h");
  };

  const tick = () => {
    const now = Date.now() / 1000 - ahead;
    for (const each of document.querySelectorAll("time[data-since]")) each.textContent = span(now - each.dataset.since);
    for (const each of document.querySelectorAll("time[data-ahead]")) {
      const left = each.dataset.ahead - now;
      each.textContent = left >= 1 ? `in ${span(left)}` : `due ${span(-left)}`;
    }
  };

  // What links of one row or card have in common with those of the view that follows.
  const keyOf = (element) => element && element !== document.body && (element.id || element.getAttribute("href"));

  const show = (page) => {
    const focused = parts.some((id) => document.getElementById(id).contains(document.activeElement));
    const key = focused && keyOf(document.activeElement);
    const before = document.getElementById("headline").textContent;
    for (const id of parts) document.getElementById(id).replaceWith(page.getElementById(id));
    document.title = page.title;
    document.getElementById("clear").hidden = page.getElementById("clear").hidden;
    document.querySelector("link[rel=icon]").href = page.querySelector("link[rel=icon]").href;
    ahead = Date.now() / 1000 - Number(page.body.dataset.now);
    const after = document.getElementById("headline").textContent;
    if (after !== before) told.textContent = after;
    if (!key) return;
    const links = [...document.querySelectorAll("main a")];
    const same = links.find((each) => keyOf(each) === key) || document.getElementById("headline");
    same.focus({ preventScroll: true });
  };

  const load = async (address) => {
    const mine = ++round;
    try {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine === round) show(page);
    } catch {
      if (mine !== round) return;
      const lost = document.getElementById("lost");
      lost.textContent = lost.textContent || `The exporter has not answered since ${new Date().toLocaleTimeString()}`;
    }
  };

  const asked = () => {
    const parameters = new URLSearchParams(new FormData(form));
    const defaults = { sort: "state" };
    for (const [name, value] of [...parameters]) {
      if (!value || defaults[name] === value) parameters.delete(name, value);
    }
    return `?${parameters}`;
  };

  const narrow = () => {
    const address = asked();
    history.replaceState(null, "", address);
    load(address);
  };

  const renew = () => {
    const isChosen = getSelection().type === "Range";
    if (live.getAttribute("aria-pressed") === "true" && !document.hidden && !isChosen) load(location.href);
  };

  live.hidden = false;
  live.title = "Renew the view every 15 seconds";
  live.addEventListener("click", () => {
    const isOn = live.getAttribute("aria-pressed") !== "true";
    live.setAttribute("aria-pressed", String(isOn));
    if (isOn) renew();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
  form.addEventListener("change", (event) => { if (event.target !== search) narrow(); });
  search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(narrow, 250); });
  addEventListener("keydown", (event) => {
    const isText = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isText && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  document.addEventListener("visibilitychange", renew);
  setInterval(tick, 1000);
  setInterval(renew, every);
})();
