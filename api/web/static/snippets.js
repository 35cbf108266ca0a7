// The same request as a shell command and as a script.
(() => {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  const isPicture = (value) => typeof value === "string" && value.startsWith("data:");

  // Names of the fields that hold a picture: in a program it is a file.
  function pictures(input) {
    const fields = input && typeof input === "object" ? Object.entries(input) : [];
    return fields.filter(([, value]) => isPicture(value)).map(([name]) => name);
  }

  function python(value) {
    if (value === null) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (isPicture(value)) return 'Path("picture.png")';
    if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
    if (typeof value !== "object") return JSON.stringify(value);
    const lines = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`);
    return lines.length > 2 ? `{\n        ${lines.join(",\n        ")},\n    }` : `{${lines.join(", ")}}`;
  }

  function form({ model, input, priority }) {
    const files = pictures(input);
    const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !files.includes(name)));
    const parts = [`model=${model}`, ...files.map((name) => `${name}=@picture.png`)];
    if (Object.keys(rest).length) parts.push(`input=${JSON.stringify(rest)}`);
    if (priority !== "normal") parts.push(`priority=${priority}`);
    return parts.map((one) => `-F ${/^[\w=:@.-]+$/.test(one) ? one : quoted(one)}`).join(" ");
  }

  function json({ model, input, priority }) {
    const body = { model, input, ...(priority === "normal" ? {} : { priority }) };
    return `-H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`;
  }

  window.queuecastSnippets = {
    curl(wanted) {
      const key = wanted.keyed ? ' \\\n  -H "Authorization: Bearer $QUEUECAST_API_KEY"' : "";
      const body = pictures(wanted.input).length ? form(wanted) : json(wanted);
      return `curl -s ${wanted.endpoint} -H 'Prefer: wait=10'${key} \\\n  ${body}`;
    },
    python({ server, model, input, priority }) {
      const more = priority === "normal" ? "" : `, priority="${priority}"`;
      const path = pictures(input).length ? "from pathlib import Path\n\n" : "";
      return `${path}from queuecast import Client\n\nwith Client("${server}") as client:\n    job = client.submit("${model}", ${python(input)}${more})\n    print(client.wait(job).output)`;
    },
  };
})();
