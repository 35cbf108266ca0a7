// Line charts in the colours of the page, which follow its width and its light.
(() => {
  const style = getComputedStyle(document.documentElement);

  // A colour of the page as the canvas understands it.
  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const clock = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, seconds % 60 ? 8 : 5);
  const words = (ms) => (ms < 1 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

  class Chart {
    constructor(element, lines, { time = false } = {}) {
      Object.assign(this, { element, lines, time });
      this.data = [[], ...lines.map(() => [])];
      this.draw();
      new ResizeObserver(() => this.plot.setSize(this.size())).observe(element);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    }

    size() {
      return { width: Math.max(200, this.element.clientWidth), height: 190 };
    }

    draw() {
      this.plot?.destroy();
      const font = `12px ${style.getPropertyValue("--sans")}`;
      const axis = { stroke: colour("--quiet"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      const value = (_, found) => (found == null ? "–" : this.time ? words(found) : found.toFixed(1));
      this.plot = new uPlot({
        ...this.size(),
        cursor: { y: false, points: { size: 6 } },
        legend: { show: false },
        scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.15, 1)] } },
        padding: [12, 12, 0, 0],
        axes: [{ ...axis, grid: { show: false }, space: 60, size: 28, values: (_, all) => all.map(clock) }, { ...axis, size: 58, values: (_, all) => all.map((one) => (this.time && one ? words(one) : String(one))) }],
        series: [{}, ...this.lines.map(({ label, stroke, fill }) => ({
          label, value, stroke: colour(stroke), fill: fill && colour(fill), width: 1.75, spanGaps: false, points: { show: this.time, size: 3 },
        }))],
      }, this.data, this.element);
    }

    set(data) {
      this.data = data;
      this.plot.setData(data);
    }
  }

  window.QueuecastChart = Chart;
})();
