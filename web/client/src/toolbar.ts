/** The one toolbar of the page: it sits in the rich text field that has the focus. */

import type { Editor } from '@tiptap/core'

const MARKS = new Set(['bold', 'italic', 'bulletList', 'orderedList'])

export class Toolbar {
  readonly #bar: HTMLElement | null
  readonly #buttons: HTMLButtonElement[]
  #editor: Editor | null = null

  constructor(page: Document) {
    const template = page.getElementById('samsyn-toolbar')
    this.#bar = template instanceof HTMLTemplateElement ? (page.importNode(template.content, true).querySelector<HTMLElement>('[role=toolbar]')) : null
    this.#buttons = [...(this.#bar?.querySelectorAll<HTMLButtonElement>('[data-command]') ?? [])]
    this.#rove(0, false)
    this.#bar?.addEventListener('mousedown', (event) => event.preventDefault())
    this.#bar?.addEventListener('click', (event) => this.#clicked(event))
    this.#bar?.addEventListener('keydown', (event) => this.#key(event))
  }

  /** Show the toolbar with `field` for as long as the focus is in it. */
  serve(field: HTMLElement, editor: Editor): void {
    field.addEventListener('focusin', () => {
      if (this.#editor === editor || !this.#bar || !editor.isEditable) return
      this.#leave()
      this.#editor = editor
      this.#bar.setAttribute('aria-controls', editor.view.dom.id)
      this.#bar.dataset['colour'] = field.dataset['pane'] ?? ''
      field.prepend(this.#bar)
      editor.on('transaction', this.#paint)
      this.#paint()
    })
    field.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && field.contains(event.relatedTarget))) this.#leave()
    })
  }

  #leave(): void {
    this.#editor?.off('transaction', this.#paint)
    this.#editor = null
    this.#bar?.remove()
  }

  readonly #paint = (): void => {
    for (const button of this.#buttons) {
      const command = button.dataset['command'] ?? ''
      if (MARKS.has(command)) button.setAttribute('aria-pressed', String(this.#editor?.isActive(command) ?? false))
    }
  }

  #clicked(event: Event): void {
    const button = (event.target as Element).closest<HTMLButtonElement>('[data-command]')
    const editor = this.#editor
    if (!button || !editor) return
    const chain = editor.chain().focus()
    switch (button.dataset['command']) {
      case 'bold': chain.toggleBold().run(); break
      case 'italic': chain.toggleItalic().run(); break
      case 'bulletList': chain.toggleBulletList().run(); break
      case 'orderedList': chain.toggleOrderedList().run(); break
      case 'undo': chain.undo().run(); break
      case 'redo': chain.redo().run(); break
    }
  }

  #key(event: KeyboardEvent): void {
    const at = this.#buttons.indexOf(document.activeElement as HTMLButtonElement)
    const last = this.#buttons.length - 1
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key]
    if (event.key === 'Escape') this.#editor?.commands.focus()
    else if (to !== undefined) this.#rove(to, true)
    else return
    event.preventDefault()
  }

  #rove(to: number, focus: boolean): void {
    this.#buttons.forEach((button, index) => { button.tabIndex = index === to ? 0 : -1 })
    if (focus) this.#buttons[to]?.focus()
  }
}
