// Shows an unfinished job anew at each of its stages.
(() => {
  const job = document.getElementById("job");
  if (job.dataset.terminal) return;
  const address = `${queuecast.root}/jobs/${job.dataset.id}`;
  const events = new EventSource(`${queuecast.root}/api/v1/predictions/${job.dataset.id}/stream?events=all`);
  const refresh = () => htmx.ajax("GET", address, { target: "#job", select: "#job", swap: "outerHTML" });
  events.addEventListener("stage", refresh);
  events.addEventListener("completed", () => {
    events.close();
    refresh();
  });
})();
