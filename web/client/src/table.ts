/** A table on the page: its rows follow the document, and its buttons write to it. */

import * as Y from 'yjs'
import type { Announcer } from './announce.ts'
import type { Fields } from './fields.ts'
import type { Pane } from './pane.ts'
import { Rows, idOf } from './rows.ts'
import type { Column, Row } from './rows.ts'
import type { Scalars } from './scalars.ts'
import { listenForSuggestions } from './suggestions.ts'
import type { Words } from './words.ts'

export interface TableSurroundings {
  readonly pane: Pane
  readonly fields: Fields
  readonly announcer: Announcer
  readonly words: Words
  /** Shows a row's scalars; made after the tables, because it asks them for their maps. */
  scalars(): Scalars
}

export class Table {
  readonly name: string
  readonly rows: Rows
  readonly #wrapper: HTMLElement
  readonly #body: HTMLElement
  readonly #template: HTMLTemplateElement
  readonly #around: TableSurroundings
  readonly #stop = new AbortController()

  private constructor(wrapper: HTMLElement, body: HTMLElement, template: HTMLTemplateElement, around: TableSurroundings) {
    this.name = wrapper.dataset['field'] ?? ''
    this.#wrapper = wrapper
    this.#body = body
    this.#template = template
    this.#around = around
    const { pane, announcer, words } = around
    this.rows = new Rows(pane.doc.getArray<Row>(this.name), {
      change: () => this.paint(),
      written: (ids) => { for (const id of ids) this.#paintScalars(this.#element(id)) },
      back: () => announcer.show(words.say('row_back')),
    }, () => pane.writable, (id) => this.#inUse(id))
    const { signal } = this.#stop
    wrapper.addEventListener('click', (event) => this.#clicked(event.target), { signal })
    listenForSuggestions(wrapper, (list, text) => {
      const field = list.closest('td')?.querySelector<HTMLElement>('.field')
      if (field) around.fields.insert(field, text)
    }, signal)
  }

  /** Null when the wrapper has no rows or no template. */
  static on(wrapper: HTMLElement, around: TableSurroundings): Table | null {
    const body = wrapper.querySelector('tbody')
    const template = wrapper.querySelector<HTMLTemplateElement>('template[data-row-template]')
    return body && template ? new Table(wrapper, body, template, around) : null
  }

  /** Bring the rows on the page to the document's: new ones made, removed ones taken away, none touched without need. */
  paint(): void {
    const rows = this.rows.shown()
    const wanted = new Set(rows.map(idOf))
    for (const element of this.#elements()) if (!wanted.has(element.dataset['row'] ?? '')) this.#take(element)
    let place: Element | null = this.#elements()[0] ?? null
    rows.forEach((row, index) => {
      const id = idOf(row)
      let element = this.#element(id)
      if (!element) {
        element = this.#make(id)
        this.#body.insertBefore(element, place)
      } else if (element === place) place = element.nextElementSibling
      else this.#body.insertBefore(element, place)
      for (const number of element.querySelectorAll('[data-row-number]')) number.textContent = String(index + 1)
      this.#live(element, row)
    })
    for (const empty of this.#wrapper.querySelectorAll<HTMLElement>('[data-empty]')) empty.hidden = rows.length > 0
  }

  close(): void {
    this.#stop.abort()
    this.rows.close()
  }

  #elements(): HTMLElement[] {
    return [...this.#body.querySelectorAll<HTMLElement>(':scope > tr[data-row]')]
  }

  #element(id: string): HTMLElement | null {
    return this.#elements().find((element) => element.dataset['row'] === id) ?? null
  }

  #make(id: string): HTMLElement {
    const made = document.importNode(this.#template.content, true)
    for (const element of made.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) if (value.includes('{row}')) element.setAttribute(name, value.replaceAll('{row}', id))
    }
    const row = made.querySelector<HTMLElement>('tr') ?? document.createElement('tr')
    row.dataset['row'] = id
    return row
  }

  #live(element: HTMLElement, row: Row): void {
    for (const field of element.querySelectorAll<HTMLElement>('.field[data-column]')) {
      const text = row.get(field.dataset['column'] ?? '')
      if (text instanceof Y.XmlFragment && !this.#around.fields.has(field)) this.#around.fields.add(field, text)
    }
    this.#paintScalars(element)
  }

  #paintScalars(element: HTMLElement | null): void {
    if (element) this.#around.scalars().paint(element)
  }

  #take(element: HTMLElement): void {
    for (const field of element.querySelectorAll<HTMLElement>('.field')) this.#around.fields.drop(field)
    element.remove()
  }

  #clicked(target: EventTarget | null): void {
    const { pane, announcer, words, fields } = this.#around
    if (!(target instanceof Element) || !pane.writable) return
    if (target.closest('[data-add-row]')) {
      const id = crypto.randomUUID()
      this.rows.add(id, this.#columns())
      announcer.say(words.say('row_added'))
      const first = this.#element(id)?.querySelector<HTMLElement>('.field, input, select')
      if (first?.matches('.field')) fields.focus(first)
      else first?.focus()
    }
    const row = target.closest('[data-remove-row]')?.closest<HTMLElement>('[data-row]')?.dataset['row']
    if (row !== undefined) {
      this.rows.remove(row)
      // Not to the next row's button: a second stroke of the key must not take a second row.
      this.#wrapper.querySelector<HTMLElement>('[data-add-row]')?.focus()
      announcer.say(words.say('row_removed'))
    }
  }

  #columns(): Column[] {
    const cells = this.#template.content.querySelectorAll<HTMLElement>('[data-column]')
    return [...cells].map((cell) => ({ name: cell.dataset['column'] ?? '', isText: cell.matches('.field') }))
  }

  #inUse(id: string): boolean {
    const unsent = this.#around.pane.unsent.has(`${this.name}/${id}`)
    return unsent || (this.#element(id)?.contains(document.activeElement) ?? false)
  }
}
