/** The text fields of one pane: static HTML until they are seen, idle or touched by somebody else; then editors. */

import type { Editor } from '@tiptap/core'
import * as Y from 'yjs'
import { mountEditor, restoreCaret, saveCaret } from './editor.ts'
import type { SavedCaret } from './editor.ts'
import type { Gradual } from './gradual.ts'
import type { Pane } from './pane.ts'
import type { Toolbar } from './toolbar.ts'
import type { Writers } from './writers.ts'

export interface FocusedField {
  readonly id: string
  readonly caret: SavedCaret
  /** Letters that were typed since. */
  typed: string
}

export class Fields {
  readonly #pane: Pane
  readonly #writers: Writers
  readonly #gradual: Gradual
  readonly #toolbar: Toolbar
  readonly #editors = new Map<HTMLElement, Editor>()
  readonly #unwatch = new Map<HTMLElement, () => void>()
  /** The field that has had the caret last. */
  #last: HTMLElement | null = null
  #held = false
  /** Where the caret was when the fields were held: a field that cannot be written in loses the focus. */
  #heldCaret: FocusedField | null = null

  constructor(pane: Pane, writers: Writers, gradual: Gradual, toolbar: Toolbar) {
    this.#pane = pane
    this.#writers = writers
    this.#gradual = gradual
    this.#toolbar = toolbar
  }

  /** Make `element` live in its turn. `fragment` must be in the document already. */
  add(element: HTMLElement, fragment: Y.XmlFragment): void {
    // Without content the field has not been loaded; an editor would write a paragraph of its own into it.
    if (fragment.length === 0) return
    const mount = (): void => this.#mount(element, fragment)
    const soon = (): void => this.#gradual.now(element)
    fragment.observeDeep(soon)
    element.addEventListener('pointerdown', soon)
    element.addEventListener('focusin', soon)
    this.#unwatch.set(element, () => {
      fragment.unobserveDeep(soon)
      element.removeEventListener('pointerdown', soon)
      element.removeEventListener('focusin', soon)
    })
    this.#gradual.add(element, mount)
  }

  /** The element is leaving the page. */
  drop(element: HTMLElement): void {
    this.#gradual.drop(element)
    this.#unwatch.get(element)?.()
    this.#unwatch.delete(element)
    const editor = this.#editors.get(element)
    this.#editors.delete(element)
    if (!editor) return
    // The text stays on the page as it was, so that nothing jumps before the next editor is there.
    const still = editor.view.dom.cloneNode(true) as HTMLElement
    for (const mark of still.querySelectorAll('.caret, .ProseMirror-separator')) mark.remove()
    editor.destroy()
    element.replaceChildren(...still.childNodes)
    delete element.dataset['live']
  }

  /** Mount at once and put the caret into the field. */
  focus(element: HTMLElement, before: FocusedField | null = null): void {
    this.#gradual.now(element)
    const editor = this.#editors.get(element)
    if (!editor) return
    if (!before) {
      editor.commands.setTextSelection(editor.state.doc.content.size)
      // At once: the editor's own command waits for the next frame, and whoever asks looks where the focus is.
      return editor.view.focus()
    }
    restoreCaret(editor, before.caret)
    if (before.typed) editor.view.dispatch(editor.state.tr.insertText(before.typed))
  }

  /** Put `words` where the caret of this field is, or was; at the end if it has had none. */
  insert(element: HTMLElement, words: string): void {
    this.#gradual.now(element)
    const editor = this.#editors.get(element)
    if (!editor?.isEditable) return
    editor.commands.focus(this.#last === element ? null : 'end')
    const { state, view } = editor
    const before = state.doc.textBetween(0, state.selection.from, ' ').slice(-1)
    view.dispatch(state.tr.insertText(/^\S$/u.test(before) ? ` ${words}` : words))
  }

  focused(): FocusedField | null {
    for (const [element, editor] of this.#editors) {
      const caret = saveCaret(editor)
      if (caret) return { id: element.id, caret, typed: '' }
    }
    return this.#heldCaret
  }

  /** While held nobody can write here: the document is about to be replaced. */
  hold(held: boolean): void {
    if (held === this.#held) return
    if (held) this.#heldCaret = this.focused()
    if (held && this.#heldCaret) document.addEventListener('keydown', this.#remember, true)
    this.#held = held
    this.repaint()
    if (!held) document.removeEventListener('keydown', this.#remember, true)
    const before = this.#heldCaret
    if (held || !before) return
    this.#heldCaret = null
    const element = document.getElementById(before.id)
    if (element && this.has(element) && nobodyElseHasFocus(element)) this.focus(element, before)
  }

  /** The right to write has come or gone. */
  repaint(): void {
    for (const editor of this.#editors.values()) editor.setEditable(this.#editable, false)
  }

  has(element: Element): boolean {
    return this.#unwatch.has(element as HTMLElement)
  }

  close(): void {
    document.removeEventListener('keydown', this.#remember, true)
    for (const element of [...this.#unwatch.keys()]) this.drop(element)
  }

  /** What is typed while the fields are held goes into the field afterwards. */
  readonly #remember = (event: KeyboardEvent): void => {
    const before = this.#heldCaret
    if (!before || event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return
    if (!nobodyElseHasFocus(document.getElementById(before.id))) return
    event.preventDefault()
    before.typed += event.key
  }

  get #editable(): boolean {
    return this.#pane.writable && !this.#held
  }

  #mount(element: HTMLElement, fragment: Y.XmlFragment): void {
    const at = placeOf(element)
    this.#unwatch.get(element)?.()
    this.#unwatch.set(element, () => undefined)
    const editor = mountEditor({
      element,
      fragment,
      awareness: this.#writers.forField(at),
      editable: this.#editable && !('readonly' in element.dataset),
      typed: () => this.#writers.typed(at),
    })
    this.#editors.set(element, editor)
    editor.on('focus', () => { this.#last = element })
    if (element.dataset['kind'] === 'rich_text') this.#toolbar.serve(element, editor)
  }
}

/** The focus can be put into `element` without taking it from anything. */
export function nobodyElseHasFocus(element: Element | null): boolean {
  const { activeElement } = document
  return activeElement === null || activeElement === document.body || (element?.contains(activeElement) ?? false)
}

/** The name of an element's place in its document: `field`, or `table/row/column`. */
export function placeOf(element: HTMLElement): string {
  const { field = '', column } = element.dataset
  if (column === undefined) return field
  return [field, element.closest<HTMLElement>('[data-row]')?.dataset['row'] ?? '', column].join('/')
}
