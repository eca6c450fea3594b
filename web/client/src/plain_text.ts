/** The text of a field as it can be copied into a letter: what is kept when it can no longer be merged. */

import * as Y from 'yjs'
import type { FieldName } from './device.ts'
import { VALUES } from './touched.ts'

/** The content of `field` (a name of `touchedFields`) in `doc`; empty when there is none. */
export function plainText(doc: Y.Doc, field: string, kind: FieldName['kind']): string {
  if (kind === 'value') return scalarText(doc.getMap(VALUES).get(field))
  if (kind === 'text') return blocks(doc.getXmlFragment(field).toArray())
  const [table = '', id] = field.split('/')
  const rows = (doc.getArray(table) as Y.Array<Y.Map<unknown>>).toArray()
  return rows.filter((row) => id === undefined || row.get('id') === id).map(rowText).filter(Boolean).join('\n')
}

function rowText(row: Y.Map<unknown>): string {
  const cells: string[] = []
  row.forEach((value, key) => {
    if (key !== 'id' && key !== 'removed') cells.push(value instanceof Y.XmlFragment ? blocks(value.toArray()) : scalarText(value))
  })
  return cells.filter(Boolean).join(' · ')
}

function scalarText(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
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
