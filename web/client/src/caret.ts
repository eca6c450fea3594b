/** Other people's carets in an editor: named, coloured by class, silent for screen readers. */

import { Extension } from '@tiptap/core'
import { yCursorPlugin } from '@tiptap/y-tiptap'
import type { Me } from './page_data.ts'
import { colourOf, givenName } from './writers.ts'
import type { FieldAwareness } from './writers.ts'

function caret(user: Partial<Me>): HTMLElement {
  const mark = document.createElement('span')
  mark.className = `caret ${colourOf(user)}`
  mark.setAttribute('aria-hidden', 'true')
  mark.dataset['name'] = givenName(user)
  return mark
}

export function carets(awareness: FieldAwareness): Extension {
  return Extension.create({
    name: 'carets',
    priority: 999,
    addProseMirrorPlugins: () => [
      yCursorPlugin(awareness as never, {
        cursorBuilder: caret,
        selectionBuilder: (user: Partial<Me>) => ({ class: `selected ${colourOf(user)}` }),
      }),
    ],
  })
}
