/** One document bound to the page: its fields, tables and scalars, made live together and taken down together. */

import type { Announcer } from './announce.ts'
import { Fields } from './fields.ts'
import type { FocusedField } from './fields.ts'
import type { Gradual } from './gradual.ts'
import { watchLength } from './length.ts'
import { mirror } from './mirror.ts'
import type { Scope } from './page_data.ts'
import type { Pane } from './pane.ts'
import { Scalars } from './scalars.ts'
import { listenForSuggestions } from './suggestions.ts'
import { Table } from './table.ts'
import type { Toolbar } from './toolbar.ts'
import { VALUES } from './touched.ts'
import type { Words } from './words.ts'
import { Writers } from './writers.ts'

export interface PageTools {
  readonly announcer: Announcer
  readonly gradual: Gradual
  readonly toolbar: Toolbar
  readonly words: Words
}

export class OpenPane {
  readonly pane: Pane
  readonly writers: Writers
  readonly fields: Fields
  readonly #tools: PageTools
  readonly #scalars: Scalars
  readonly #tables = new Map<HTMLElement, Table>()
  readonly #lengths = new Map<HTMLElement, () => void>()
  readonly #mirrors = new Map<HTMLElement, () => void>()
  readonly #choices = new Set<string>()
  readonly #stop = new AbortController()
  #bound = false
  /** What the page's elements were made for: with another right to write they are made anew. */
  #scope: Scope

  constructor(pane: Pane, tools: PageTools) {
    this.pane = pane
    this.#tools = tools
    this.writers = new Writers(pane.awareness)
    this.fields = new Fields(pane, this.writers, tools.gradual, tools.toolbar)
    const values = pane.doc.getMap(VALUES)
    this.#scalars = new Scalars(document.body, pane.pane, this.writers, (input) => this.#mapOf(input), () => pane.writable)
    this.#scope = pane.scope
    values.observe(this.#painted)
  }

  /** Make the page's elements of this pane live; again after some of them have been replaced. */
  bind(): void {
    this.#bound = true
    this.#scope = this.pane.scope
    const { pane, doc } = this.pane
    for (const field of document.querySelectorAll<HTMLElement>(`.field[data-pane="${pane}"]:not([data-column])`)) {
      if (this.fields.has(field)) continue
      const text = doc.getXmlFragment(field.dataset['field'] ?? '')
      this.fields.add(field, text)
      this.#lengths.set(field, watchLength(field, text, this.#tools.words, this.#tools.announcer))
    }
    for (const element of document.querySelectorAll<HTMLElement>(`[data-mirrors][data-pane="${pane}"]`)) {
      if (!this.#mirrors.has(element)) this.#mirrors.set(element, mirror(element, doc, element.dataset['mirrors'] ?? ''))
    }
    for (const cell of document.querySelectorAll<HTMLElement>(`[data-suggests][data-pane="${pane}"]`)) this.#suggest(cell)
    for (const { dataset: { field = '' } } of document.querySelectorAll<HTMLElement>(`[data-kind=multi_choice][data-pane="${pane}"]`)) {
      if (this.#choices.has(field)) continue
      this.#choices.add(field)
      doc.getMap(field).observe(this.#painted)
    }
    for (const wrapper of document.querySelectorAll<HTMLElement>(`[data-kind=table][data-pane="${pane}"]`)) {
      if (this.#tables.has(wrapper)) continue
      const table = Table.on(wrapper, { ...this.#tools, pane: this.pane, fields: this.fields, scalars: () => this.#scalars })
      if (!table) continue
      this.#tables.set(wrapper, table)
      table.paint()
    }
    this.#scalars.paint()
  }

  /** Forget the elements inside `part`: it is leaving the page. */
  unbind(part: Element): void {
    for (const field of part.querySelectorAll<HTMLElement>('.field')) {
      if (this.fields.has(field)) this.fields.drop(field)
      this.#lengths.get(field)?.()
      this.#lengths.delete(field)
    }
    for (const [wrapper, table] of this.#tables) {
      if (!part.contains(wrapper)) continue
      table.close()
      this.#tables.delete(wrapper)
    }
  }

  /** Whether `part` has something that is live in this document. */
  isIn(part: Element): boolean {
    if (this.#scope !== this.pane.scope) return false
    const mine = `[data-pane="${this.pane.pane}"]`
    return [...part.querySelectorAll(mine)].some((one) => this.fields.has(one) || this.#tables.has(one as HTMLElement) || one.matches('input, select'))
  }

  scopeChanged(): void {
    this.fields.repaint()
    this.#scalars.paint()
  }

  /** Take everything down; says where the caret was. */
  close(): FocusedField | null {
    const focused = this.fields.focused()
    for (const table of this.#tables.values()) table.close()
    this.#tables.clear()
    for (const stop of [...this.#lengths.values(), ...this.#mirrors.values()]) stop()
    this.#lengths.clear()
    this.#mirrors.clear()
    this.#stop.abort()
    this.#scalars.close()
    this.fields.close()
    this.writers.close()
    this.pane.close()
    return focused
  }

  readonly #painted = (): void => {
    if (this.#bound) this.#scalars.paint()
  }

  /** A field outside a table, with texts to choose from: `data-suggests` until they can be chosen. */
  #suggest(cell: HTMLElement): void {
    delete cell.dataset['suggests']
    const field = cell.querySelector<HTMLElement>('.field')
    if (field) listenForSuggestions(cell, (_list, text) => this.fields.insert(field, text), this.#stop.signal)
  }

  #mapOf(element: HTMLElement): ReturnType<Pane['doc']['getMap']> | null {
    if (element.dataset['kind'] === 'multi_choice') return this.pane.doc.getMap(element.dataset['field'] ?? '')
    if (element.dataset['column'] === undefined) return this.pane.doc.getMap(VALUES)
    const wrapper = element.closest<HTMLElement>('[data-kind=table]')
    const row = element.closest<HTMLElement>('[data-row]')?.dataset['row']
    return (wrapper && row && this.#tables.get(wrapper)?.rows.find(row)) || null
  }
}
