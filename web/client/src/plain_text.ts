/** The text of a field as it can be copied into a letter: what is kept when it can no longer be merged. */

import * as Y from 'yjs'
import type { FieldName, Reading } from './device.ts'
import { VALUES } from './touched.ts'

/** The content of `field` (a name of `touchedFields`) in `doc`, read as `name` says; empty when there is none. */
export function plainText(doc: Y.Doc, field: string, name: FieldName): string {
  switch (name.kind) {
    case 'value': return scalarText(doc.getMap(VALUES).get(field), name)
    case 'text': return blocks(doc.getXmlFragment(field).toArray())
    case 'choices': return chosen(doc.getMap(field), name)
    case 'table': {
      const [table = '', id] = field.split('/')
      const rows = (doc.getArray(table) as Y.Array<Y.Map<unknown>>).toArray()
      return rows.filter((row) => id === undefined || row.get('id') === id).map((row) => rowText(row, name)).filter(Boolean).join('\n')
    }
  }
}

function chosen(options: Y.Map<unknown>, { words = {} }: Reading): string {
  const known = Object.keys(words)
  const ids = [...options.keys()].filter((id) => options.get(id) === true)
  return ids.sort((a, b) => known.indexOf(a) - known.indexOf(b)).map((id) => words[id] ?? id).join(', ')
}

function rowText(row: Y.Map<unknown>, { columns = {} }: FieldName): string {
  const names = new Set([...Object.keys(columns), ...row.keys()])
  const cells: string[] = []
  for (const name of names) {
    if (name === 'id' || name === 'removed') continue
    const value = row.get(name)
    const text = value instanceof Y.XmlFragment ? blocks(value.toArray()) : scalarText(value, columns[name])
    const label = columns[name]?.label
    if (text.trim()) cells.push(label ? `${label}: ${text}` : text)
  }
  return cells.join(' · ')
}

function scalarText(value: unknown, name?: Reading): string {
  if (value === undefined || value === null) return ''
  return name?.words?.[String(value)] ?? String(value)
}

function blocks(nodes: readonly unknown[], mark: (index: number) => string = () => ''): string {
  return nodes.map((node, index) => mark(index) + block(node)).join('\n')
}

function block(node: unknown): string {
  if (node instanceof Y.XmlText) return (node.toDelta() as { insert: unknown }[]).map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('')
  if (!(node instanceof Y.XmlElement)) return ''
  const inside = node.toArray()
  switch (node.nodeName) {
    case 'hardBreak': return '\n'
    case 'bulletList': return blocks(inside, () => '• ')
    case 'orderedList': return blocks(inside, (index) => `${index + 1}. `)
    case 'listItem': return blocks(inside).replaceAll('\n', '\n  ')
    default: return inside.map(block).join('')
  }
}
