// A field for a picture: drawn by hand, chosen, dropped or pasted. It holds a `data:` URI.
(() => {
  const LARGE = 512 * 1024;

  class Picture {
    constructor(field, changed) {
      this.field = field;
      this.changed = changed;
      this.canvas = field.querySelector("canvas");
      this.image = field.querySelector(".chosen");
      this.hint = field.querySelector(".board-hint");
      this.pen = this.canvas.getContext("2d");
      this.clear();
      this.listen();
    }

    clear() {
      this.uri = null;
      this.file = null;
      this.drawn = false;
      this.image.hidden = true;
      this.hint.hidden = false;
      this.pen.fillStyle = "#fff";
      this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
      Object.assign(this.pen, { lineWidth: 20, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
    }

    show(uri, file = null) {
      this.clear();
      this.uri = uri;
      this.file = file;
      this.image.src = uri;
      this.image.hidden = false;
      this.hint.hidden = true;
      this.changed();
    }

    async take(file) {
      if (!file) return;
      if (!/^image\/(png|jpeg|webp)$/.test(file.type)) {
        queuecast.tell("Pictures are taken as PNG, JPEG or WEBP.");
        return;
      }
      this.show(await read(file), file);
    }

    // What is sent: the picture itself, or the URL under which a large one was uploaded first.
    async value() {
      if (this.drawn) return this.canvas.toDataURL("image/png");
      if (!this.file || this.file.size <= LARGE) return this.uri;
      const form = new FormData();
      form.append("content", this.file);
      return (await queuecast.call("POST", "/api/v1/files", { body: form })).urls.get;
    }

    get shown() {
      return this.drawn ? this.canvas.toDataURL("image/png") : this.uri;
    }

    at(event) {
      const box = this.canvas.getBoundingClientRect();
      const scale = this.canvas.width / box.width;
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    }

    listen() {
      const board = this.field.querySelector(".board");
      board.addEventListener("pointerdown", (event) => this.begin(event));
      this.canvas.addEventListener("pointermove", (event) => this.go(event));
      this.canvas.addEventListener("pointerup", () => { if (this.drawing) { this.drawing = false; this.changed(); } });
      this.field.querySelector("[data-clear]").addEventListener("click", () => { this.clear(); this.changed(); });
      const input = this.field.querySelector("input[type=file]");
      input.addEventListener("change", () => { this.take(input.files[0]); input.value = ""; });
      for (const name of ["dragover", "dragleave", "drop"]) {
        board.addEventListener(name, (event) => {
          event.preventDefault();
          board.classList.toggle("over", name === "dragover");
          if (name === "drop") this.take(event.dataTransfer.files[0]);
        });
      }
      document.addEventListener("paste", (event) => {
        const file = [...event.clipboardData.files][0];
        if (file) this.take(file);
      });
    }

    begin(event) {
      if (event.button !== 0) return;
      event.preventDefault();
      if (!this.image.hidden) this.clear();
      this.canvas.setPointerCapture(event.pointerId);
      this.hint.hidden = true;
      this.drawing = this.drawn = true;
      this.pen.beginPath();
      this.pen.moveTo(...this.at(event));
      this.go(event);
    }

    go(event) {
      if (!this.drawing) return;
      this.pen.lineTo(...this.at(event));
      this.pen.stroke();
    }
  }

  function read(file) {
    return new Promise((done, failed) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = () => failed(reader.error);
      reader.readAsDataURL(file);
    });
  }

  window.QueuecastPicture = Picture;
})();
