/** Texts that can be put into a field with one press: a list that opens below it, and closes by itself. */

const LIST = 'details[data-suggestions]'

/** `choose` gets the list that was opened and the text that was chosen. */
export function listenForSuggestions(root: HTMLElement, choose: (list: HTMLElement, text: string) => void, signal: AbortSignal): void {
  root.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-suggestion]') : null
    const list = button?.closest<HTMLDetailsElement>(LIST)
    if (!button || !list) return
    list.open = false
    choose(list, button.textContent.trim())
  }, { signal })
  root.addEventListener('keydown', (event) => {
    const list = event.key === 'Escape' && event.target instanceof Element ? event.target.closest<HTMLDetailsElement>(LIST) : null
    if (!list?.open) return
    list.open = false
    list.querySelector('summary')?.focus()
  }, { signal })
  root.addEventListener('focusout', ({ target, relatedTarget }) => {
    const list = target instanceof Element ? target.closest<HTMLDetailsElement>(LIST) : null
    if (list && relatedTarget instanceof Node && !list.contains(relatedTarget)) list.open = false
  }, { signal })
}
