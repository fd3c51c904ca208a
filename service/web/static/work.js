/* What a page can do better with a script; without it everything still works.
   1. A form that cannot be sent (no network) waits in this browser and is sent later, with the same key: never twice, never lost.
   2. What the office refused meanwhile is shown as a conflict, to be looked at and put away by a person.
   3. A button prints the page.
   4. What is being brought in shows how far it is. */
"use strict";
(() => {
  const STORE = "onemonth.queue";
  const box = document.getElementById("queue");
  const read = () => { try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch { return []; } };
  const write = (items) => { localStorage.setItem(STORE, JSON.stringify(items)); show(); };
  const post = (item) => fetch(item.address, {
    method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: item.body, credentials: "same-origin",
  });
  const text = (tag, words) => { const node = document.createElement(tag); node.textContent = words; return node; };

  function show() {
    if (!box) return;
    const items = read();
    box.hidden = items.length === 0;
    box.querySelector("[data-count]").textContent = String(items.length);
    const list = box.querySelector("ul");
    list.replaceChildren(...items.map((item) => {
      const line = document.createElement("li");
      line.append(text("strong", item.refused ? box.dataset.refused : box.dataset.waiting), " ", text("span", item.what + " · " + item.at));
      if (item.refused) {
        const link = text("a", box.dataset.look);
        link.href = item.page;
        const away = text("button", box.dataset.away);
        away.type = "button"; away.className = "small";
        away.addEventListener("click", () => write(read().filter((other) => other.id !== item.id)));
        line.append(" ", link, " ", away);
      }
      return line;
    }));
  }

  let busy = false;
  async function replay() {
    if (busy || !box) return;
    busy = true;
    try {
      for (const item of read()) {
        if (item.refused) continue;
        let answer;
        try { answer = await post(item); } catch { break; }
        await answer.text().catch(() => "");
        if (answer.status >= 500 || answer.status === 429) break;
        const rest = read();
        write(answer.ok ? rest.filter((other) => other.id !== item.id)
          : rest.map((other) => (other.id === item.id ? { ...other, refused: answer.status } : other)));
      }
    } finally { busy = false; }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-queue") || event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    const fields = new FormData(form, button && button.name ? button : undefined);
    const item = {
      id: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2), address: form.getAttribute("action"),
      body: new URLSearchParams(fields).toString(), page: location.pathname + location.search,
      what: form.dataset.queue, at: new Date().toLocaleString(document.documentElement.lang),
    };
    try {
      const answer = await post(item);
      await answer.text();
      if (answer.ok) { location.assign(answer.url); return; }
      HTMLFormElement.prototype.submit.call(form); // the same key again: the office shows its refusal, nothing is done twice
    } catch {
      write([...read(), item]);
      box.querySelector("[data-state]").focus();
    }
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  const bar = document.querySelector("[data-progress]");
  if (bar) {
    const look = async () => {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
        if (!fresh) { location.reload(); return; }
        bar.replaceChildren(...fresh.childNodes);
      } catch { /* no network: asked again */ }
      setTimeout(look, 1000);
    };
    setTimeout(look, 500);
  }
  window.addEventListener("online", replay);
  if (box) { show(); replay(); box.querySelector("[data-send]").addEventListener("click", replay); }
})();
