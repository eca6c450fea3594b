/** One text field as an editor, and a caret that survives the change to a new document. */

import { Editor, Extension } from '@tiptap/core'
import type { Content, Extensions } from '@tiptap/core'
import { Collaboration, isChangeOrigin } from '@tiptap/extension-collaboration'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { BulletList, ListItem, ListKeymap, OrderedList } from '@tiptap/extension-list'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Text } from '@tiptap/extension-text'
import { Plugin, TextSelection } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { initProseMirrorDoc } from '@tiptap/y-tiptap'
import type { XmlFragment } from 'yjs'
import { carets } from './caret.ts'
import { keepInSight } from './covered.ts'
import { PastedBold, PastedItalic, withoutStyles } from './pasted.ts'
import type { FieldAwareness } from './writers.ts'

/** Tab leaves the field, lists too; the brackets move an item in and out instead. */
const PlainListItem = ListItem.extend({
  addKeyboardShortcuts() {
    return {
      Enter: () => this.editor.commands.splitListItem(this.name),
      'Mod-]': () => this.editor.commands.sinkListItem(this.name),
      'Mod-[': () => this.editor.commands.liftListItem(this.name),
    }
  },
})

const PlainListKeymap = ListKeymap.extend({
  addKeyboardShortcuts() {
    const { Tab, ...rest } = this.parent?.() ?? {}
    void Tab
    return rest
  },
})

const OneLine = Extension.create({
  name: 'oneLine',
  priority: 1001,
  addKeyboardShortcuts: () => ({ Enter: () => true, 'Shift-Enter': () => true, 'Mod-Enter': () => true }),
})

const RICH: Extensions = [Document, Paragraph, Text, PastedBold, PastedItalic, HardBreak, BulletList, OrderedList, PlainListItem, PlainListKeymap]
const PLAIN: Extensions = [Document, Paragraph, Text, OneLine]

export interface EditorSurroundings {
  readonly element: HTMLElement
  readonly fragment: XmlFragment
  readonly awareness: FieldAwareness
  readonly editable: boolean
  /** This person has changed the text. */
  typed(): void
}

/** A browser says only a while later that the caret has moved, which is too late when the next key leaves the field. */
function readCaret(view: EditorView): void {
  const chosen = document.getSelection()
  if (!chosen?.anchorNode || !chosen.focusNode || !view.dom.contains(chosen.anchorNode) || !view.dom.contains(chosen.focusNode)) return
  const anchor = view.posAtDOM(chosen.anchorNode, chosen.anchorOffset)
  const head = view.posAtDOM(chosen.focusNode, chosen.focusOffset)
  const { selection, doc, tr } = view.state
  if (anchor !== selection.anchor || head !== selection.head) view.dispatch(tr.setSelection(TextSelection.create(doc, anchor, head)))
}

/** Put an editor in the place of the field's static text. */
export function mountEditor({ element, fragment, awareness, editable, typed }: EditorSurroundings): Editor {
  const rich = element.dataset['kind'] === 'rich_text'
  // The document is in the editor from the beginning: it is drawn once, and nothing is written while it mounts.
  const mapping = new Map()
  const editor = new Editor({
    element: document.createElement('div'),
    onBeforeCreate: ({ editor: made }) => {
      const initial = initProseMirrorDoc(fragment, made.schema)
      for (const [type, node] of initial.mapping) mapping.set(type, node)
      made.options.content = initial.doc as unknown as Content
    },
    injectCSS: false,
    editable,
    enableInputRules: rich,
    enablePasteRules: rich,
    extensions: [...(rich ? RICH : PLAIN), named(element, rich), Collaboration.configure({ fragment, ySyncOptions: { mapping } }), carets(awareness)],
    editorProps: {
      handleScrollToSelection: keepInSight,
      handleKeyDown: (view, event) => {
        if (event.key === 'Tab') readCaret(view)
        return false
      },
      ...(rich ? { transformPastedHTML: withoutStyles } : { handlePaste: (view, event) => pasteAsLine(view.state.tr, event, (tr) => view.dispatch(tr)) }),
    },
    onTransaction: ({ transaction }) => {
      if (transaction.docChanged && !isChangeOrigin(transaction)) typed()
    },
  })
  element.replaceChildren(editor.view.dom)
  element.dataset['live'] = ''
  return editor
}

/** What the field is called, and whether one may write in it, for whoever cannot see it. */
function named(element: HTMLElement, rich: boolean): Extension {
  const { labelledby = '', describedby } = element.dataset
  const names: Record<string, string> = {
    id: `${element.id}-text`,
    class: 'prose',
    'aria-multiline': String(rich),
    'aria-labelledby': labelledby,
    ...(describedby ? { 'aria-describedby': describedby } : {}),
  }
  return Extension.create({
    name: 'names',
    addProseMirrorPlugins() {
      const attributes = (): Record<string, string> => (this.editor.isEditable ? names : { ...names, 'aria-readonly': 'true', tabindex: '0' })
      return [new Plugin({ props: { attributes } })]
    },
  })
}

type Transaction = Editor['state']['tr']

function pasteAsLine(tr: Transaction, event: ClipboardEvent, dispatch: (tr: Transaction) => void): boolean {
  const text = event.clipboardData?.getData('text/plain').replace(/\s*[\r\n]+\s*/g, ' ')
  if (text) dispatch(tr.insertText(text))
  return true
}

/** A caret as "the n-th block of text, so many characters in": the same place in a document written afresh. */
export interface SavedCaret {
  readonly block: number
  readonly offset: number
}

export function saveCaret(editor: Editor): SavedCaret | null {
  if (!editor.isFocused) return null
  const { head } = editor.state.selection
  let seen = -1
  let saved: SavedCaret | null = null
  editor.state.doc.descendants((node, pos) => {
    if (!node.isTextblock) return true
    seen += 1
    if (head > pos && head <= pos + node.nodeSize) saved = { block: seen, offset: head - pos - 1 }
    return false
  })
  return saved
}

export function restoreCaret(editor: Editor, caret: SavedCaret): void {
  let seen = -1
  let place = 1
  editor.state.doc.descendants((node, pos) => {
    if (!node.isTextblock) return true
    seen += 1
    if (seen <= caret.block) place = pos + 1 + (seen === caret.block ? Math.min(caret.offset, node.content.size) : node.content.size)
    return false
  })
  editor.chain().setTextSelection(place).focus().run()
}
