/** Sentences said politely to screen readers, one after the other; some are shown as well. */

/** A sentence stays long enough to be read out, and does not pile up for those who read the page by hand. */
const STAYS_MS = 6000

export class Announcer {
  readonly #slot: Element | null

  constructor(page: Document) {
    this.#slot = page.querySelector('[data-slot=announce]')
  }

  say(sentence: string): void {
    this.#add(sentence, 'sr')
  }

  /** Say it, and show it to those who would not see otherwise what has happened. */
  show(sentence: string): void {
    this.#add(sentence, 'note')
  }

  #add(sentence: string, className: string): void {
    if (!this.#slot) return
    const line = document.createElement('span')
    line.className = className
    line.textContent = `${sentence} `
    this.#slot.append(line)
    setTimeout(() => line.remove(), STAYS_MS)
  }
}
