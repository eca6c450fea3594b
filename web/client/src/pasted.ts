/**
 * Pasted HTML, so that no style attribute reaches the parser: the page's policy forbids them, and the browser would
 * report each one. What a style says about bold and italic is read from `data-style` instead.
 */

import { Bold } from '@tiptap/extension-bold'
import { Italic } from '@tiptap/extension-italic'

const THIN = /font-weight:\s*(normal|[1-4]00)\b/i
const FAT = /font-weight:\s*(bold|bolder|[5-9]00)\b/i
const SLANTED = /font-style:\s*(italic|oblique)\b/i

export function withoutStyles(html: string): string {
  return html
    .replace(/<style\b[\s\S]*?<\/style>/gi, '')
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle(?=\s*=)/gi, ' data-style'))
}

function says(element: HTMLElement, what: RegExp): boolean {
  return what.test(element.dataset['style'] ?? '')
}

export const PastedBold = Bold.extend({
  parseHTML: () => [
    { tag: 'strong' },
    // Some word processors wrap everything in a <b> that says that it is none.
    { tag: 'b', getAttrs: (element) => (says(element, THIN) ? false : null) },
    { tag: '[data-style]', consuming: false, getAttrs: (element) => (says(element, FAT) ? null : false) },
  ],
})

export const PastedItalic = Italic.extend({
  parseHTML: () => [
    { tag: 'em' },
    { tag: 'i' },
    { tag: '[data-style]', consuming: false, getAttrs: (element) => (says(element, SLANTED) ? null : false) },
  ],
})
