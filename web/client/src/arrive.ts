/** Links to a part of a question (`#f-{pane}-{part}`): its pane is shown, and the caret or focus put into it. */

import type { Conversation } from './conversation.ts'

export function listenForArrivals(conversation: Conversation): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="#f-"]') : null
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return
    if (arrive(decodeURIComponent(link.hash.slice(1)), conversation)) event.preventDefault()
  })
  window.addEventListener('hashchange', () => void arrive(decodeURIComponent(location.hash.slice(1)), conversation))
  if (location.hash.startsWith('#f-')) arrive(decodeURIComponent(location.hash.slice(1)), conversation)
}

/** Whether the page has it. */
function arrive(id: string, conversation: Conversation): boolean {
  const part = id.startsWith('f-') ? document.getElementById(id) : null
  if (!part) return false
  const pane = part.dataset['pane'] ?? ''
  const tab = document.querySelector<HTMLInputElement>(`input[name=tab][value="${CSS.escape(pane)}"]`)
  if (tab) tab.checked = true
  part.closest('.card')?.scrollIntoView({ block: 'nearest' })
  const inside = 'input:not(:disabled), select:not(:disabled), .field, button'
  const target = part.matches(inside) ? part : part.querySelector<HTMLElement>(inside)
  if (target?.matches('.field')) conversation.pane(pane)?.fields.focus(target)
  else target?.focus()
  return true
}
