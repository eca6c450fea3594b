/**
 * The rows of one table in its document. Rows are never deleted or moved: removing sets `removed`, and whatever is
 * written to a removed row afterwards brings it back, so that nobody's words go away with somebody else's click.
 */

import * as Y from 'yjs'
import { PAGE } from './pane.ts'

export type Row = Y.Map<unknown>

export interface Column {
  readonly name: string
  readonly isText: boolean
}

export interface RowsEvents {
  /** Rows have come, gone or come back. */
  change(): void
  /** Something in these rows has changed. */
  written(rows: ReadonlySet<string>): void
  /** A removed row is there again because of what was written in it. */
  back(id: string): void
}

export class Rows {
  readonly array: Y.Array<Row>
  readonly #events: RowsEvents
  readonly #writable: () => boolean
  /** Says whether this page has changes in a row that the server has not acknowledged, or the focus in it. */
  readonly #inUse: (id: string) => boolean
  readonly #removed = new Set<string>()
  /** Rows that come back in a moment: they stay on the page, with whoever writes in them. */
  readonly #returning = new Set<string>()

  constructor(array: Y.Array<Row>, events: RowsEvents, writable: () => boolean, inUse: (id: string) => boolean) {
    this.array = array
    this.#events = events
    this.#writable = writable
    this.#inUse = inUse
    this.#noteRemoved()
    array.observeDeep(this.#observed)
  }

  /** Rows that are shown, in the document's order. */
  shown(): Row[] {
    return this.array.toArray().filter((row) => row.get('removed') !== true || this.#returning.has(idOf(row)))
  }

  find(id: string): Row | null {
    return this.array.toArray().find((row) => idOf(row) === id) ?? null
  }

  /** Add an empty row; every text column has the one paragraph that two people can start in together. */
  add(id: string, columns: readonly Column[]): void {
    this.array.doc?.transact(() => {
      const row: Row = new Y.Map()
      this.array.push([row])
      row.set('id', id)
      for (const column of columns) {
        if (!column.isText) continue
        const text = new Y.XmlFragment()
        row.set(column.name, text)
        text.push([new Y.XmlElement('paragraph')])
      }
    }, PAGE)
  }

  remove(id: string): void {
    this.array.doc?.transact(() => this.find(id)?.set('removed', true), PAGE)
  }

  close(): void {
    this.array.unobserveDeep(this.#observed)
  }

  readonly #observed = (events: Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction): void => {
    const written = new Set<string>()
    const decided = new Set<string>()
    for (const event of events) {
      const row = rowOf(event.target)
      if (!row) continue
      if (event.target === row && (event as Y.YMapEvent<unknown>).keysChanged.has('removed')) decided.add(idOf(row))
      written.add(idOf(row))
    }
    const wanted = this.#writable() ? [...written].filter((id) => this.#wanted(id, decided.has(id), transaction.local)) : []
    for (const id of wanted) this.#returning.add(id)
    const before = new Set(this.#removed)
    this.#noteRemoved()
    const back = [...before].filter((id) => !this.#removed.has(id))
    const gone = [...this.#removed].some((id) => !before.has(id))
    // A transaction inside an observer would be part of the one that is observed.
    if (wanted.length > 0) queueMicrotask(() => this.#restore(wanted))
    if (gone || back.length > 0 || events.some((event) => event.target === this.array)) this.#events.change()
    this.#events.written(written)
    for (const id of new Set([...back, ...wanted])) this.#events.back(id)
  }

  /** Whether a row that is now removed must come back. */
  #wanted(id: string, decided: boolean, local: boolean): boolean {
    const row = this.find(id)
    if (row?.get('removed') !== true) return false
    const wasRemoved = this.#removed.has(id)
    // Removed here, by this person's own click: so it is meant.
    if (local && decided) return false
    // Removed by somebody else while this page writes in it; or written in after it was removed.
    return decided ? this.#inUse(id) : wasRemoved
  }

  #restore(ids: readonly string[]): void {
    this.array.doc?.transact(() => {
      for (const id of ids) this.find(id)?.set('removed', false)
    }, PAGE)
    for (const id of ids) this.#returning.delete(id)
  }

  #noteRemoved(): void {
    this.#removed.clear()
    for (const row of this.array) if (row.get('removed') === true && !this.#returning.has(idOf(row))) this.#removed.add(idOf(row))
  }
}

export function idOf(row: Row): string {
  return String(row.get('id'))
}

function rowOf(type: Y.AbstractType<unknown>): Row | null {
  for (let at: Y.AbstractType<unknown> | null = type; at; at = at.parent as Y.AbstractType<unknown> | null) {
    if (at instanceof Y.Map && at.parent instanceof Y.Array) return at as Row
  }
  return null
}
