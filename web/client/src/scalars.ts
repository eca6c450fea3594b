/** Radio buttons, dates, lists, numbers and boxes, bound to keys of a map: the root map `values`, or a table's row. */

import type * as Y from 'yjs'
import { PAGE } from './pane.ts'
import type { Writers } from './writers.ts'
import { placeOf } from './fields.ts'

type Input = HTMLInputElement | HTMLSelectElement
type Scalar = string | number | boolean

const INPUTS = 'input[data-kind], select[data-kind]'

export class Scalars {
  readonly #root: HTMLElement | DocumentFragment
  readonly #pane: string
  readonly #writers: Writers
  readonly #mapOf: (element: HTMLElement) => Y.Map<unknown> | null
  readonly #writable: () => boolean
  readonly #stop = new AbortController()

  /** `mapOf` finds the map that holds an input's key; null while its row is not known. */
  constructor(root: HTMLElement, pane: string, writers: Writers, mapOf: (element: HTMLElement) => Y.Map<unknown> | null, writable: () => boolean) {
    this.#root = root
    this.#pane = pane
    this.#writers = writers
    this.#mapOf = mapOf
    this.#writable = writable
    const { signal } = this.#stop
    root.addEventListener('change', (event) => this.#changed(event.target), { signal })
    root.addEventListener('click', (event) => this.#cleared(event.target), { signal })
    root.addEventListener('focusin', (event) => this.#focus(event.target, true), { signal })
    root.addEventListener('focusout', (event) => this.#focus(event.target, false), { signal })
  }

  /** Show what the document holds in every input of this pane inside `within`. */
  paint(within: ParentNode = this.#root): void {
    const mine = `[data-pane="${this.#pane}"]`
    for (const input of within.querySelectorAll<Input>(INPUTS)) if (input.matches(mine)) this.#show(input)
    for (const button of within.querySelectorAll<HTMLElement>(`[data-clear]${mine}`)) {
      button.hidden = !this.#writable() || this.#value(button) === undefined
    }
  }

  close(): void {
    this.#stop.abort()
  }

  #value(element: HTMLElement): unknown {
    return this.#mapOf(element)?.get(keyOf(element)) ?? undefined
  }

  #show(input: Input): void {
    const value = this.#value(input)
    if (input instanceof HTMLInputElement && input.type === 'radio') {
      input.checked = value !== undefined && input.value === String(value)
    } else if (input instanceof HTMLInputElement && input.type === 'checkbox') {
      input.checked = value === true
    } else {
      const text = value === undefined ? '' : String(value)
      if (input.value !== text) input.value = text
    }
  }

  #changed(target: EventTarget | null): void {
    if (!isInput(target) || target.dataset['pane'] !== this.#pane) return
    if (!this.#writable()) return this.#show(target)
    this.#write(target, read(target))
  }

  #cleared(target: EventTarget | null): void {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-clear]') : null
    if (!button || button.dataset['pane'] !== this.#pane || !this.#writable()) return
    const place = placeOf(button)
    this.#write(button, null)
    // The button hides itself; the focus goes to what it has emptied.
    for (const input of this.#root.querySelectorAll<Input>(INPUTS)) {
      if (input.dataset['pane'] === this.#pane && placeOf(input) === place) return input.focus()
    }
  }

  #write(element: HTMLElement, value: Scalar | null): void {
    const map = this.#mapOf(element)
    const key = keyOf(element)
    if (!map || (map.get(key) ?? null) === value) return
    map.doc?.transact(() => {
      if (value === null) map.delete(key)
      else map.set(key, value)
    }, PAGE)
    this.#writers.typed(placeOf(element))
  }

  #focus(target: EventTarget | null, here: boolean): void {
    if (isInput(target) && target.dataset['pane'] === this.#pane && this.#writable()) this.#writers.focus(here ? placeOf(target) : null)
  }
}

function isInput(target: EventTarget | null): target is Input {
  return (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) && target.dataset['kind'] !== undefined
}

function keyOf(element: HTMLElement): string {
  return element.dataset['column'] ?? element.dataset['field'] ?? ''
}

/** What a person has chosen, as the schema wants it; null for nothing. */
function read(input: Input): Scalar | null {
  if (input.dataset['kind'] === 'checkbox') return (input as HTMLInputElement).checked
  if (input.value === '') return null
  return input.dataset['kind'] === 'scale' || input.dataset['kind'] === 'number' ? Number(input.value) : input.value
}
