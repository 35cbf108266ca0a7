// Shows the secret when it is asked for, and what came of a test.
(() => {
  const LOOKS = 20;
  const { call } = queuecast;
  const outcome = document.getElementById("test-outcome");

  document.addEventListener("called", (event) => {
    if (event.detail.key) document.getElementById("secret").textContent = event.detail.key;
    if (event.target.id === "rotate-secret") queuecast.tell("The new secret signs from now on.");
  });

  function say(state, text) {
    const line = document.createElement("p");
    line.className = `notice ${state}`;
    line.textContent = text;
    outcome.replaceChildren(line);
  }

  const pause = () => new Promise((done) => setTimeout(done, 500));

  async function send(url) {
    say("", "It is on its way…");
    let told = await call("POST", "/api/v1/webhooks/default/test", { body: { url } });
    for (let look = 0; look < LOOKS && !told.attempts.length; look += 1) {
      await pause();
      told = await call("GET", `/api/v1/deliveries/${told.id}`);
    }
    const last = told.attempts.at(-1);
    const answered = last?.status ? `HTTP ${last.status}` : last?.error;
    if (told.status === "delivered") say("good", `Delivered: ${answered} after ${Math.round(last.seconds * 1000)} ms.`);
    else if (last) say("bad", `Not delivered: ${answered}.`);
    else say("", "Nobody has sent it yet: does a deliver worker run?");
  }

  document.getElementById("test").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send(new FormData(event.target).get("url"));
    } catch (error) {
      say("bad", error.message);
    }
  });
})();
