// Asks for the figures every two seconds, and keeps the points that a busy server no longer counts.
(() => {
  const EVERY_MS = 2000;
  const KEPT_SECONDS = 600;
  const byId = (id) => document.getElementById(id);
  const points = new Map();
  const rate = new QueuecastChart(byId("rate-chart"), [{ label: "jobs a second", stroke: "--predict", fill: "--tint" }]);
  const latency = new QueuecastChart(
    byId("latency-chart"),
    [{ label: "p50", stroke: "--predict" }, { label: "p95", stroke: "--preprocess" }],
    { time: true },
  );

  const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
  const amount = (value) => (value > 0 && value < 1 ? value.toPrecision(1) : (value < 100 ? fine : count).format(value));
  function time(seconds) {
    if (seconds == null) return "–";
    if (seconds < 0.9995) return `${seconds < 0.00995 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000)} ms`;
    if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  }
  const text = (id, value) => { byId(id).textContent = value; };
  const all = (list, field) => list.reduce((sum, one) => sum + one[field], 0);

  function row(...cells) {
    const line = document.createElement("tr");
    cells.forEach(([value, kind]) => {
      const cell = line.insertCell();
      cell.textContent = value;
      if (kind) cell.className = kind;
    });
    return line;
  }

  function tiles(found) {
    text("rate", amount(found.per_second));
    text("rate-note", `jobs a second · ${count.format(found.finished)} in ${Math.round(found.window_seconds)} s`);
    text("p50", time(found.p50_seconds));
    text("p95", `p50 · p95 ${time(found.p95_seconds)}`);
    const share = found.cache.share;
    text("cache", share == null ? "–" : `${Math.round(share * 100)} %`);
    text("cache-note", `${count.format(found.cache.hit)} hit · ${count.format(found.cache.joined)} joined`);
    text("failed", count.format(found.failed));
    text("failed-note", `of ${count.format(found.finished)} in the last minute`);
    byId("failed").classList.toggle("bad", found.failed > 0);
    if (!found.queues) return;
    const waiting = all(found.queues, "waiting");
    const oldest = Math.max(0, ...found.queues.map((one) => one.oldest_seconds));
    text("depth", count.format(waiting));
    text("depth-note", `waiting · ${count.format(all(found.queues, "in_progress"))} in work${waiting ? ` · oldest ${time(oldest)}` : ""}`);
  }

  function table(id, rows, nothing) {
    byId(id).replaceChildren(...rows);
    const empty = byId(`${id}-empty`);
    if (!empty) return;
    empty.hidden = rows.length > 0;
    empty.textContent = nothing;
    byId(id).closest(".scroll").hidden = rows.length === 0;
  }

  function tables(found) {
    const away = "Redis does not answer now.";
    table("queues", (found.queues ?? []).map((one) => row(
      [one.stage], [one.model === "*" ? "all" : `${one.model}:${one.version}`], [one.priority],
      [count.format(one.waiting), "figure"], [count.format(one.in_progress), "figure"], [time(one.oldest_seconds), "figure"],
    )), found.queues ? "Nothing waits: every queue is empty." : away);
    table("workers", (found.workers ?? []).map((one) => row(
      [one.kind], [one.host ? `${one.host} · ${one.pid}` : "", "mono break"],
      [one.running.map((run) => `${run.version} × ${run.jobs}`).join(", ") || "idle", one.running.length ? "" : "faint"],
    )), found.workers ? "No worker lives: what is submitted waits." : away);
    table("models", found.models.map((one) => row(
      [one.version], [amount(one.per_second), "figure"], [time(one.p50_seconds), "figure"], [time(one.p95_seconds), "figure"],
      [count.format(one.failed), one.failed ? "figure bad" : "figure"],
    )));
  }

  function charts(found) {
    const now = Date.parse(found.at) / 1000;
    for (const one of found.series) points.set(one.at, one);
    // So much has ended that no whole step was looked at: what this look tells is the point.
    if (!found.series.length) points.set(now, found);
    const first = now - KEPT_SECONDS;
    for (const at of points.keys()) if (at < first) points.delete(at);
    const line = [...points.values()].sort((one, other) => one.at - other.at);
    const at = line.map((one) => one.at);
    const ms = (field) => line.map((one) => (one[field] == null ? null : one[field] * 1000));
    rate.set([at, line.map((one) => one.per_second)]);
    latency.set([at, ms("p50_seconds"), ms("p95_seconds")]);
  }

  function mismatch(found) {
    const named = (found.differ ?? []).map((one) => `${one.process} has another ${one.fact}`);
    const told = named.length ? `Not all processes work with the same settings: ${named.join("; ")}.` : "";
    byId("differ").hidden = !told;
    if (byId("differ").textContent !== told) text("differ", told); // a reader says it once
  }

  let asking = false;
  async function look() {
    if (asking || document.hidden || !byId("live").checked) return;
    asking = true;
    try {
      const found = await queuecast.call("GET", "/api/v1/overview");
      tiles(found);
      tables(found);
      charts(found);
      mismatch(found);
      text("state", "Your jobs of the last minute; queues and workers of all.");
    } catch (error) {
      text("state", `The figures stand still: ${error.message}`);
    }
    asking = false;
  }

  look();
  setInterval(look, EVERY_MS);
})();
