/** Sentences for screen readers, said politely, one after the other. */

/** A sentence stays long enough to be read out, and does not pile up for those who read the page by hand. */
const STAYS_MS = 6000

export class Announcer {
  readonly #slot: Element | null

  constructor(page: Document) {
    this.#slot = page.querySelector('[data-slot=announce]')
  }

  say(sentence: string): void {
    if (!this.#slot) return
    const line = document.createElement('span')
    line.textContent = `${sentence} `
    this.#slot.append(line)
    setTimeout(() => line.remove(), STAYS_MS)
  }
}
