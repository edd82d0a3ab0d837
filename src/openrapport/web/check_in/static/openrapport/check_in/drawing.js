// A sheet to draw on, with a finger, a pen or a mouse. After every line the whole drawing goes into a hidden field of the
// form as a small PNG: from there it is kept, sent and forgotten as any other answer is. Nothing is sent from here.

const WIDTH = 800;
const HEIGHT = 600;
const PAPER = "#ffffff";
const MOST_LETTERS = 200_000; // of the field's text; the server takes a PNG of 150 000 bytes
const SCALES = [1, 0.75, 0.5, 0.25]; // the last one fits whatever was drawn
const CLEARED = { points: [] };

class Sheet {
  constructor(place) {
    this.place = place;
    this.field = place.querySelector("input[type=hidden]");
    this.canvas = place.querySelector("canvas");
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.lines = [];
    this.line = null;
    this.under = null; // what was drawn before: it came back from the device, or from the server
    this.colour = place.querySelector("[data-colour]").dataset.colour;
    this.thickness = Number(place.querySelector("[data-thickness][aria-pressed=true]").dataset.thickness);
  }

  start() {
    this.repaint();
    this.listen();
    this.place.querySelector("[data-pad]").hidden = false;
    for (const one of this.place.querySelectorAll("[data-beside-pad]")) one.hidden = false;
    for (const one of this.place.querySelectorAll("[data-without-pad]")) one.hidden = true;
    if (this.field.value) this.putUnder(this.field.value);
    return this;
  }

  listen() {
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end());
    this.place.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      if (button.dataset.colour) this.colour = this.press(button, "colour");
      if (button.dataset.thickness) this.thickness = Number(this.press(button, "thickness"));
      if ("undo" in button.dataset) this.undo();
      if ("clear" in button.dataset) this.clear();
    });
  }

  press(button, kind) {
    for (const one of this.place.querySelectorAll(`[data-${kind}]`)) one.setAttribute("aria-pressed", one === button);
    return button.dataset[kind];
  }

  begin(event) {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.line = { colour: this.colour, thickness: this.thickness, points: [this.placeOf(event)] };
    this.paint(this.line);
  }

  go(event) {
    if (!this.line || !event.isPrimary) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) this.line.points.push(this.placeOf(one));
    this.repaint();
    this.paint(this.line);
  }

  end() {
    if (!this.line) return;
    this.lines.push(this.line);
    this.line = null;
    const skip = this.place.querySelector("[data-skip-drawing]");
    if (skip.checked) skip.checked = false; // whoever draws does not skip
    this.changed();
  }

  undo() {
    if (this.lines.pop()) this.changed();
  }

  // Undoing brings back what was cleared: a slip of the finger costs nothing.
  clear() {
    if (this.isBlank()) return;
    this.lines.push(CLEARED);
    this.changed();
  }

  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
  }

  sinceCleared() {
    return this.lines.slice(this.lines.lastIndexOf(CLEARED) + 1);
  }

  isBlank() {
    const shown = this.under && !this.lines.includes(CLEARED);
    return !shown && this.sinceCleared().every((line) => line.colour === PAPER);
  }

  changed() {
    this.repaint();
    this.field.value = this.isBlank() ? "" : this.asText();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  repaint() {
    this.pen.fillStyle = PAPER;
    this.pen.fillRect(0, 0, WIDTH, HEIGHT);
    if (this.under && !this.lines.includes(CLEARED)) this.pen.drawImage(this.under, 0, 0, WIDTH, HEIGHT);
    for (const line of this.sinceCleared()) this.paint(line);
    this.place.querySelector("[data-undo]").disabled = this.lines.length === 0;
    this.place.querySelector("[data-clear]").disabled = this.isBlank();
  }

  // Round ends, and curves through the middles between points: a hand does not draw corners.
  paint({ colour, thickness, points }) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = thickness;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...points[0]);
    for (let place = 1; place < points.length - 1; place += 1) {
      const [x, y] = points[place];
      const [nextX, nextY] = points[place + 1];
      pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    pen.lineTo(...points.at(-1));
    pen.stroke();
  }

  asText() {
    for (const scale of SCALES) {
      const text = this.scaled(scale).toDataURL("image/png");
      if (text.length <= MOST_LETTERS) return text;
    }
    return "";
  }

  scaled(scale) {
    if (scale === 1) return this.canvas;
    const smaller = document.createElement("canvas");
    smaller.width = WIDTH * scale;
    smaller.height = HEIGHT * scale;
    smaller.getContext("2d", { alpha: false }).drawImage(this.canvas, 0, 0, smaller.width, smaller.height);
    return smaller;
  }

  putUnder(text) {
    const image = new Image();
    image.addEventListener("load", () => {
      this.under = image;
      this.repaint();
    });
    image.src = text;
  }

  forget() {
    this.lines = [];
    this.under = null;
    this.field.value = "";
    this.repaint();
  }
}

export const startSheets = (form) => [...form.querySelectorAll("[data-drawing]")].map((place) => new Sheet(place).start());
