/** What is typed into a page's own forms and not sent yet: when the page is replaced it goes along, or is kept. */

import type { Kept } from './device.ts'
import { heading } from './page_data.ts'

export interface Typed {
  /** The form's text on the page. */
  readonly id: string
  /** Where the caret is; null when the focus is elsewhere. */
  readonly caret: number | null
  readonly kept: Kept
}

/** Every such text: `data-keep` names what it was to be. */
export function typedIn(page: Document, at: number): Typed[] {
  const texts = [...page.querySelectorAll<HTMLTextAreaElement>('textarea[data-keep]')]
  return texts.filter((one) => one.value.trim()).map((one) => ({
    id: one.id,
    caret: page.activeElement === one ? one.selectionEnd : null,
    kept: { title: heading(page), path: location.pathname, label: one.dataset['keep'] ?? '', text: one.value, at },
  }))
}

/** Put the text where it was, if the page still asks for it. Says whether it does. */
export function typeAgain({ id, caret, kept }: Typed): boolean {
  const place = document.querySelector<HTMLTextAreaElement>(`textarea[data-keep]#${CSS.escape(id)}`)
  if (!place) return false
  place.value = kept.text
  if (caret !== null) {
    place.focus({ preventScroll: true })
    place.setSelectionRange(caret, caret)
  }
  return true
}
