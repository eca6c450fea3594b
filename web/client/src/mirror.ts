/** Shows a text once more, where it is not written: a heading follows the field that it is made of. */

import type * as Y from 'yjs'
import { plainText } from './plain_text.ts'

/** Keep `element` saying what the text says; while that is nothing, what `data-without` says. Returns how to stop. */
export function mirror(element: HTMLElement, doc: Y.Doc, field: string): () => void {
  const text = doc.getXmlFragment(field)
  const paint = (): void => {
    const said = plainText(doc, field, { label: '', kind: 'text' }).trim()
    element.textContent = said || (element.dataset['without'] ?? '')
  }
  text.observeDeep(paint)
  paint()
  return () => text.unobserveDeep(paint)
}
