/** What a field is called where it is spoken of, and how what is chosen in it is read: as the page has it. */

import type { FieldName, Reading } from './device.ts'
import type { PaneName } from './page_data.ts'

/**
 * The element of a part of a question in one pane. The page gives each the id `f-{pane}-{part}`, so that a link can
 * lead to it, and `data-pane`, `data-field`, `data-kind` and `data-question`; a cell of a table has
 * `f-{pane}-{part}-{row}-{column}` and `data-column`. Parts have dots in their names: escape them in selectors.
 */
export function partOf(pane: string, field: string): HTMLElement | null {
  return document.getElementById(`f-${pane}-${field}`)
}

/** The question that a field answers, as the page words it. */
export function questionOf({ pane, field }: { pane: string; field: string }): string {
  return partOf(pane, field)?.dataset['question'] ?? field
}

/** What a field (a name of `touchedFields`) is called, and how its values are read. */
export function nameOf(pane: PaneName, field: string): FieldName {
  const [root = field] = field.split('/')
  const part = partOf(pane, root)
  const label = questionOf({ pane, field: root })
  switch (part?.dataset['kind']) {
    case 'rich_text':
    case 'text': return { label, kind: 'text' }
    case 'table': return { label, kind: 'table', columns: columnsOf(part) }
    case 'multi_choice': return { label, kind: 'choices', words: wordsOf(part) }
    default: return { label, kind: 'value', words: part ? wordsOf(part) : {} }
  }
}

function columnsOf(table: HTMLElement): Record<string, Reading> {
  const cells = table.querySelector<HTMLTemplateElement>('template[data-row-template]')?.content.querySelectorAll<HTMLElement>('[data-column]') ?? []
  const columns: Record<string, Reading> = {}
  for (const cell of cells) columns[cell.dataset['column'] ?? ''] = { label: cell.dataset['question'] ?? '', words: wordsOf(cell) }
  return columns
}

/** Value → word, of everything that can be chosen here. */
function wordsOf(part: HTMLElement): Record<string, string> {
  const words: Record<string, string> = {}
  const inputs = part.matches('input, select') ? [part] : part.querySelectorAll<HTMLElement>('input, select')
  for (const input of inputs) {
    if (input instanceof HTMLSelectElement) for (const { value, text } of input.options) words[value] = text
    else if (input instanceof HTMLInputElement && input.dataset['word']) words[input.dataset['kind'] === 'checkbox' ? 'true' : input.value] = input.dataset['word']
  }
  return words
}
