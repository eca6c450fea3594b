/**
 * Gives every new empty paragraph its text at birth.
 *
 * An editor makes the text of a paragraph with its first letter. When two people type the first letter of one
 * paragraph at the same time there are two texts side by side, which each editor then joins in its own way, and a
 * letter can come out twice. With one text from the beginning both write into it. The server does the same.
 */

import * as Y from 'yjs'

export function seedParagraphs(transaction: Y.Transaction, doc: Y.Doc): void {
  const since = transaction.beforeState.get(doc.clientID) ?? 0
  if ((transaction.afterState.get(doc.clientID) ?? 0) <= since) return
  const structs = doc.store.clients.get(doc.clientID) ?? []
  const empty: Y.XmlElement[] = []
  for (const struct of structs.slice(Y.findIndexSS(structs, since))) {
    if (!(struct instanceof Y.Item) || struct.deleted || !(struct.content instanceof Y.ContentType)) continue
    const { type } = struct.content
    if (type instanceof Y.XmlElement && type.nodeName === 'paragraph' && type.length === 0) empty.push(type)
  }
  if (empty.length === 0) return
  doc.transact(() => {
    for (const paragraph of empty) paragraph.push([new Y.XmlText()])
  }, transaction.origin)
}
