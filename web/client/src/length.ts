/** Says how long a text may still be, once that matters. It warns and never refuses: nothing is cut off. */

import * as Y from 'yjs'
import type { Announcer } from './announce.ts'
import type { Words } from './words.ts'

/** From this share of the longest that is allowed the line is shown. */
const NEAR = 0.9

/** The characters of a text as the server counts them: Unicode code points, whatever the lines they stand in. */
export function lengthOf(node: Y.XmlFragment | Y.XmlElement): number {
  return node.toArray().reduce((sum, child) => {
    if (child instanceof Y.XmlElement) return sum + lengthOf(child)
    return child instanceof Y.XmlText ? sum + runsOf(child) : sum
  }, 0)
}

/** Show below `field` how its text stands to the longest allowed. Returns what stops it. */
export function watchLength(field: HTMLElement, text: Y.XmlFragment, words: Words, announcer: Announcer): () => void {
  const max = Number(field.dataset['maxLength'])
  const line = document.getElementById(`n-${field.id}`)
  if (!max || !line) return () => undefined
  let before: string | null = null
  const show = (): void => {
    const length = lengthOf(text)
    const state = length > max ? 'over' : length >= max * NEAR ? 'near' : ''
    line.dataset['state'] = state
    line.textContent = state === '' ? '' : words.count(state === 'over' ? 'too_long' : 'room_left', Math.abs(max - length))
    // Once when it begins to matter, not at every key.
    if (before !== null && before !== state && state !== '' && field.contains(document.activeElement)) announcer.say(line.textContent)
    before = state
  }
  text.observeDeep(show)
  show()
  return () => text.unobserveDeep(show)
}

function runsOf(text: Y.XmlText): number {
  const pieces = text.toDelta() as { insert: unknown }[]
  return pieces.reduce((sum, { insert }) => sum + (typeof insert === 'string' ? [...insert].length : 0), 0)
}
