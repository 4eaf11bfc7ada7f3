
"use strict";
(function () {
  var body = document.body;
  function all(root, selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }
  function button(text, action) {
    var one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    one.addEventListener("click", action);
    return one;
  }
  var sessions = all(document, ".session").filter(function (s) { return s.querySelector(".layout"); })
    .map(function (section) {
      var session = { panels: all(section, ".panel"), rows: all(section, ".row"), at: 0 };
      var bar = document.createElement("div");
      bar.className = "bar";
      session.back = button("← before", function () { go(session, session.at - 1); });
      session.next = button("next →", function () { go(session, session.at + 1); });
      session.outside = button("What an eavesdropper sees (e)", toggle);
      session.outside.setAttribute("aria-pressed", "false");
      session.list = button("Show all", function () { list(!body.classList.contains("stepping")); });
      [session.back, session.next, session.outside, session.list].forEach(function (b) { bar.appendChild(b); });
      var panels = section.querySelector(".panels");
      panels.insertBefore(bar, panels.firstChild);
      return session;
    });
  if (!sessions.length) { return; }
  var active = sessions[0];
  function show(session, index) {
    session.at = index;
    active = session;
    session.panels.forEach(function (panel, i) { panel.classList.toggle("current", i === index); });
    session.rows.forEach(function (row, i) {
      row.classList.toggle("current", i === index);
      if (i === index) { row.setAttribute("aria-current", "step"); } else { row.removeAttribute("aria-current"); }
    });
    session.back.disabled = index === 0;
    session.next.disabled = index === session.panels.length - 1;
  }
  function go(session, index) {
    if (index < 0 || index >= session.panels.length) { return; }
    show(session, index);
    history.replaceState(null, "", "#" + session.panels[index].id);
    var row = session.rows[index];
    if (row) { row.scrollIntoView({ block: "nearest" }); }
    if (!body.classList.contains("stepping")) { session.panels[index].scrollIntoView(); }
  }
  function toggle() {
    var on = body.classList.toggle("outside");
    sessions.forEach(function (s) { s.outside.setAttribute("aria-pressed", String(on)); });
  }
  function list(stepping) {
    body.classList.toggle("stepping", stepping);
    sessions.forEach(function (s) { s.list.textContent = stepping ? "Show all" : "One at a time"; });
  }
  function follow() {
    var id = location.hash.slice(1);
    sessions.forEach(function (session) {
      session.panels.forEach(function (panel, i) { if (panel.id === id) { show(session, i); } });
    });
  }
  sessions.forEach(function (session) {
    show(session, 0);
    session.rows.forEach(function (row, i) {
      row.addEventListener("click", function (event) { event.preventDefault(); go(session, i); });
    });
  });
  active = sessions[0];
  list(true);
  follow();
  window.addEventListener("hashchange", follow);
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    var last = active.panels.length - 1;
    var to = { ArrowDown: active.at + 1, ArrowRight: active.at + 1, j: active.at + 1,
      ArrowUp: active.at - 1, ArrowLeft: active.at - 1, k: active.at - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) { event.preventDefault(); go(active, to); }
    else if (event.key === "e") { toggle(); }
  });
}());
