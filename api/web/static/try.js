// Submits what the form holds, and shows the job as it goes through its stages.
(() => {
  const form = document.getElementById("try");
  if (!form) return;
  const { call, root } = queuecast;
  const raw = document.getElementById("raw-input");
  const trouble = document.getElementById("trouble");
  const send = document.getElementById("send");
  const pictures = new Map();
  let language = "curl";
  let events = null;

  for (const field of form.querySelectorAll('[data-kind="image"]')) {
    pictures.set(field.dataset.field, new QueuecastPicture(field, changed));
  }

  // Of the fields; `read` says how a picture is read.
  async function collected(read) {
    if ("alone" in raw.dataset || raw.dataset.edited) return JSON.parse(raw.value);
    const input = {};
    for (const field of form.querySelectorAll("[data-field]")) {
      const { field: name, kind } = field.dataset;
      const value = kind === "image" ? await read(pictures.get(name)) : valueOf(field, kind);
      if (value !== undefined && value !== null) input[name] = value;
    }
    return input;
  }

  function valueOf(field, kind) {
    if (kind === "flag") return field.checked;
    if (field.value === "") return undefined;
    if (kind === "number") return Number(field.value);
    return kind === "json" ? JSON.parse(field.value) : field.value;
  }

  function fill(input) {
    delete raw.dataset.edited;
    if ("alone" in raw.dataset) raw.value = JSON.stringify(input, null, 2);
    for (const field of form.querySelectorAll("[data-field]")) {
      const { field: name, kind } = field.dataset;
      if (!(name in input)) continue;
      if (kind === "image") pictures.get(name).show(input[name]);
      else if (kind === "flag") field.checked = input[name];
      else field.value = kind === "json" ? JSON.stringify(input[name]) : input[name];
    }
    changed();
  }

  async function changed() {
    let input;
    try {
      input = await collected((picture) => picture.shown ?? "data:image/png;base64,…");
    } catch {
      return;
    }
    if (!("alone" in raw.dataset) && !raw.dataset.edited) raw.value = JSON.stringify(input, null, 2);
    const { endpoint, server, keyed } = form.dataset;
    const model = document.getElementById("version").value;
    const priority = document.getElementById("priority").value;
    document.getElementById("snippet").textContent =
      queuecastSnippets[language]({ endpoint, server, keyed, model, input, priority });
  }

  function step(name, state, began) {
    const line = document.querySelector(`[data-step="${name}"]`);
    if (!line || line.classList.contains("done")) return;
    line.classList.remove("now");
    line.classList.add(state);
    if (state === "done" && began) line.querySelector(".time").textContent = took(performance.now() - began);
  }

  const took = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

  function reset() {
    events?.close();
    for (const line of document.querySelectorAll("[data-step]")) {
      line.className = "";
      line.querySelector(".time").textContent = "";
    }
    trouble.hidden = true;
  }

  async function submit() {
    reset();
    send.disabled = true;
    try {
      const input = await collected((picture) => picture.value());
      const model = document.getElementById("version").value;
      const body = { model, input, priority: document.getElementById("priority").value };
      const headers = document.getElementById("anew").checked ? { "Cache-Control": "no-cache" } : {};
      const began = performance.now();
      step("accepted", "now");
      const job = await call("POST", "/api/v1/predictions", { body, headers });
      accepted(job, began);
    } catch (error) {
      for (const line of document.querySelectorAll(".now")) line.className = "";
      trouble.textContent = error instanceof SyntaxError ? "This is not valid JSON." : error.message;
      trouble.hidden = false;
    }
    send.disabled = false;
  }

  function accepted(job, began) {
    step("accepted", "done", began);
    const link = document.getElementById("job-link");
    link.href = `${root}/jobs/${job.id}`;
    link.textContent = job.id;
    link.hidden = false;
    if (job.completed_at) ended(job, began);
    else follow(job, began);
  }

  function follow(job, began) {
    step("preprocessing", "now");
    events = new EventSource(`${root}/api/v1/predictions/${job.id}/stream?events=all`);
    events.addEventListener("stage", (event) => {
      if (JSON.parse(event.data).stage === "predicting") {
        step("preprocessing", "done", began);
        step("predicting", "now");
      }
    });
    events.addEventListener("completed", (event) => {
      events.close();
      ended(JSON.parse(event.data), began);
    });
  }

  // A job that was known already never ran: its stages stay open.
  function ended(job, began) {
    const good = job.status === "succeeded";
    if (job.cache === "miss" && good) for (const name of ["preprocessing", "predicting"]) step(name, "done", began);
    for (const line of document.querySelectorAll(".now")) line.className = good ? "" : "bad";
    step("recorded", "done", began);
    htmx.ajax("GET", `${root}/jobs/${job.id}`, { target: "#outcome", select: "#outcome", swap: "outerHTML" });
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); }
  });
  form.addEventListener("input", (event) => {
    if (event.target === raw) raw.dataset.edited = "yes";
    else delete raw.dataset.edited;
    changed();
  });
  form.addEventListener("click", (event) => {
    const sample = event.target.closest("[data-sample]");
    if (!sample) return;
    for (const one of form.querySelectorAll("[data-sample]")) one.setAttribute("aria-pressed", String(one === sample));
    fill(JSON.parse(sample.dataset.sample));
  });

  const tabs = [...document.querySelectorAll("[data-language]")];
  function choose(tab) {
    language = tab.dataset.language;
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    document.getElementById("code").setAttribute("aria-labelledby", tab.id);
    changed();
  }
  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
      choose(other);
      other.focus();
    });
  }
  changed();
})();
