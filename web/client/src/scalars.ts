/**
 * Everything that is chosen rather than written, bound to keys of a map: single choices, scales, dates, numbers, boxes
 * and people in the root map `values` or in a table's row; a multi-choice in a root map of its own, option id → true.
 */

import type * as Y from 'yjs'
import { Numbers } from './numbers.ts'
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
  readonly #numbers = new Numbers(document.documentElement.lang)
  /** What the page has put into an input: whatever else is there, somebody is writing. */
  readonly #painted = new WeakMap<Input, string>()
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
      const text = typeof value === 'number' ? this.#numbers.show(value) : String(value ?? '')
      // Nobody's half-written date or number goes away under their hands.
      if (document.activeElement === input && this.#isBegun(input)) return
      this.#painted.set(input, text)
      if (input.value !== text) input.value = text
      complain(input, false)
    }
  }

  #isBegun(input: Input): boolean {
    const before = this.#painted.get(input)
    return input.validity.badInput || (before !== undefined && before !== input.value)
  }

  #changed(target: EventTarget | null): void {
    if (!isInput(target) || target.dataset['pane'] !== this.#pane) return
    if (!this.#writable()) return this.#show(target)
    const value = this.#read(target)
    complain(target, value === undefined)
    if (value === undefined) return
    this.#painted.set(target, target.value)
    this.#write(target, value)
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

  /** What a person has chosen, as the schema wants it; null for nothing, undefined for what cannot be taken. */
  #read(input: Input): Scalar | null | undefined {
    if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked ? true : null
    if (input.value === '') return input.validity.badInput ? undefined : null
    switch (input.dataset['kind']) {
      case 'scale': return Number(input.value)
      case 'number': {
        const number = this.#numbers.read(input.value)
        return number === null || isWithin(number, input.dataset) ? number : undefined
      }
      default: return input.value
    }
  }
}

function isWithin(number: number, { min, max, whole }: DOMStringMap): boolean {
  if (whole !== undefined && !Number.isInteger(number)) return false
  return number >= Number(min ?? -Infinity) && number <= Number(max ?? Infinity)
}

/** Show or hide the sentence that says what can be taken here. */
function complain(input: Input, wrong: boolean): void {
  const sentence = document.getElementById(input.getAttribute('aria-errormessage') ?? '')
  if (!sentence) return
  input.setAttribute('aria-invalid', String(wrong))
  sentence.hidden = !wrong
}

function isInput(target: EventTarget | null): target is Input {
  return (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) && target.dataset['kind'] !== undefined
}

/** The key in the map: a multi-choice has its options there, everything else its field or column. */
function keyOf(element: HTMLElement): string {
  if (element.dataset['kind'] === 'multi_choice') return (element as HTMLInputElement).value
  return element.dataset['column'] ?? element.dataset['field'] ?? ''
}
