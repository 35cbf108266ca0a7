// What every page needs: calls of the API, questions, news, copying, local times, pausing.
(() => {
  const { root, token } = document.body.dataset;
  const told = document.getElementById("told");

  function tell(text) {
    const line = document.createElement("p");
    line.textContent = text;
    told.append(line);
    setTimeout(() => line.remove(), 6000);
  }

  // A call of the API; its problem is thrown with what it says to a person.
  async function call(method, path, { body, headers = {} } = {}) {
    const wanted = { Accept: "application/json", ...headers };
    if (token) wanted["X-Session-Token"] = token;
    if (body !== undefined && !(body instanceof FormData)) {
      wanted["Content-Type"] = "application/json";
      body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(root + path, { method, headers: wanted, body });
    } catch {
      throw new Error("The server cannot be reached.");
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    if (answer.status === 401) location.assign(`${root}/sign-in`);
    const fields = (said.errors ?? []).map((one) => `${one.pointer} ${one.detail}`).slice(0, 3);
    throw new Error(fields.length ? fields.join("; ") : said.detail ?? `HTTP ${answer.status}`);
  }

  function ask(question) {
    const dialog = document.getElementById("ask");
    document.getElementById("ask-text").textContent = question;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((done) => {
      dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
    });
  }

  // A button with `data-call="POST /api/v1/…"` does just that.
  async function press(button) {
    if (button.dataset.ask && !(await ask(button.dataset.ask))) return;
    button.disabled = true;
    try {
      const answer = await call(...button.dataset.call.split(" "));
      if (button.dataset.then === "reload") location.reload();
      button.dispatchEvent(new CustomEvent("called", { bubbles: true, detail: answer }));
    } catch (error) {
      tell(error.message);
    }
    button.disabled = false;
  }

  async function copy(button) {
    const text = document.querySelector(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      tell("Copied.");
    } catch {
      getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
      tell("Selected: copy it with your keyboard.");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.call) press(button);
    if (button?.dataset.copy) copy(button);
    if (button && "signOut" in button.dataset) htmx.ajax("POST", `${root}/sign-out`, { swap: "none" });
  });

  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  function localTimes(part) {
    for (const time of part.querySelectorAll("time[datetime]")) {
      time.textContent = clock.format(new Date(time.dateTime));
    }
  }
  localTimes(document);

  // A list that refreshes itself does not do so under somebody's hands, nor where nobody looks.
  const paused = (list) =>
    document.hidden || list.contains(document.activeElement) || list.querySelector("tr:hover") ||
    document.getElementById("live")?.checked === false;

  document.addEventListener("htmx:configRequest", (event) => {
    if (token) event.detail.headers["X-Session-Token"] = token;
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const list = event.detail.elt;
    if ("live" in (list.dataset ?? {}) && paused(list)) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => localTimes(event.detail.target.isConnected ? event.detail.target : document));
  document.addEventListener("htmx:responseError", (event) => tell(`That did not work: HTTP ${event.detail.xhr.status}.`));

  document.querySelector(".side nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  window.queuecast = { root, call, tell, ask, localTimes };
})();
