/** Which fields a transaction has changed: names as in the schema, and `table/row` for rows. */

import * as Y from 'yjs'
import type { FieldName } from './device.ts'
import type { PaneName } from './page_data.ts'

/** The root map that holds every scalar of a document. */
export const VALUES = 'values'

/** What a field is called on the page. */
export type NameOf = (pane: PaneName, field: string) => FieldName

type AnyType = Y.AbstractType<Y.YEvent<never>>

export function touchedFields(transaction: Y.Transaction): Set<string> {
  const fields = new Set<string>()
  for (const [type, keys] of transaction.changed) {
    const path = pathOf(type as unknown as AnyType)
    const root = path[0]
    if (root === undefined) continue
    if (root === VALUES) for (const key of keys) if (key !== null) fields.add(key)
    if (root !== VALUES) fields.add(root)
    if (path[1] !== undefined) fields.add(`${root}/${path[1]}`)
  }
  return fields

  /** The root's name, and the row's id if the type is in a table. */
  function pathOf(type: AnyType): string[] {
    let row: string | undefined
    for (let at: AnyType | null = type; at; at = at.parent as AnyType | null) {
      if (at instanceof Y.Map && at.parent instanceof Y.Array) row = String(at.get('id'))
      if (at._item === null) return [Y.findRootTypeKey(at as Y.AbstractType<unknown> as never), ...(row === undefined ? [] : [row])]
    }
    return []
  }
}
