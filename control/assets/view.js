// Templates and lists whose elements are written only where something changed.
//
// What comes from outside becomes text and nothing else: no markup is made
// from strings anywhere.

/** A part of the page, by its `data-field` names. */
export class View {
  #fields = new Map();
  #shown = new Map();

  /** @param {Element} root */
  constructor(root) {
    this.root = root;
    for (const element of root.querySelectorAll("[data-field]")) {
      this.#fields.set(element.dataset.field, element);
    }
  }

  /** A copy of the template of this id. */
  static of(template) {
    const { content } = document.getElementById(template);
    return new View(content.firstElementChild.cloneNode(true));
  }

  /** The element of this name. */
  field(name) {
    return this.#fields.get(name);
  }

  /** Writes a text. */
  text(name, value) {
    if (this.#changes(name, "text", value)) this.field(name).textContent = value;
  }

  /** Sets an attribute; `null` takes it away. */
  attribute(name, attribute, value) {
    if (!this.#changes(name, attribute, value)) return;
    if (value === null) this.field(name).removeAttribute(attribute);
    else this.field(name).setAttribute(attribute, value);
  }

  /** Shows or hides an element. */
  show(name, isShown) {
    if (this.#changes(name, "hidden", !isShown)) this.field(name).hidden = !isShown;
  }

  #changes(name, what, value) {
    const key = `${name} ${what}`;
    if (this.#shown.get(key) === value && this.#shown.has(key)) return false;
    this.#shown.set(key, value);
    return true;
  }
}

/** A row that opens: its body is made when it is first opened. */
export class Row {
  #body = null;
  #template;
  #isOpen = false;
  #item = null;
  #around = null;

  /**
   * @param {string} template of the row
   * @param {string} body template of what opens beneath
   */
  constructor(template, body) {
    this.view = View.of(template);
    this.root = this.view.root;
    this.#template = body;
    this.view.field("more").addEventListener("click", () => this.open(!this.#isOpen));
  }

  /** Opens or closes it. */
  open(isOpen) {
    this.#isOpen = isOpen;
    if (isOpen && !this.#body) {
      this.#body = View.of(this.#template);
      this.#body.root.id = newId();
      this.view.attribute("more", "aria-controls", this.#body.root.id);
      this.root.firstElementChild.append(this.#body.root);
    }
    if (this.#body) this.#body.root.hidden = !isOpen;
    this.view.attribute("more", "aria-expanded", String(isOpen));
    if (this.#item) this.update(this.#item, this.#around);
  }

  /** Shows an item as it is now, `around` being the whole status. */
  update(item, around) {
    [this.#item, this.#around] = [item, around];
    this.view.attribute("more", "aria-label", `Details of ${item.name}`);
    this.show(this.view, item, around);
    if (this.#isOpen) this.showBody(this.#body, item, around);
  }
}

/** From so many rows on, those out of sight are not laid out. */
const MANY = 50;

/** A list of rows in the order of their names. */
export class List {
  #rows = new Map();
  #element;
  #make;

  /**
   * @param {Element} element
   * @param {(name: string) => {root: Element, update: Function}} make
   */
  constructor(element, make) {
    [this.#element, this.#make] = [element, make];
  }

  /** Adds, moves, removes and updates rows; those unchanged are left alone. */
  update(items, around) {
    const sorted = [...items].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
    const names = new Set(sorted.map((item) => item.name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.root.remove();
      this.#rows.delete(name);
    }
    this.#element.toggleAttribute("data-many", sorted.length >= MANY);
    let next = this.#element.firstElementChild;
    for (const item of sorted) {
      let row = this.#rows.get(item.name);
      if (!row) this.#rows.set(item.name, (row = this.#make(item.name)));
      if (row.root === next) next = next.nextElementSibling;
      else this.#element.insertBefore(row.root, next);
      row.update(item, around);
    }
  }

  /** Every row with its name. */
  [Symbol.iterator]() {
    return this.#rows.entries();
  }
}

let ids = 0;

/** An id that no name from outside can have a part in. */
function newId() {
  ids += 1;
  return `part-${ids}`;
}
